import { InputError, quote } from "../base/errors.js";
import { instructionReward } from "./instructions/gold.js";
import { parseInstruction } from "./instructions/request.js";
import type { Prompt } from "./pair.js";
import { goldReward } from "./world/gold.js";
import { isWorldPrompt } from "./world/request.js";

/**
 * Returns the gold reward function for responses to a prompt, with values in [0, 1]: that of the synthetic world or of
 * the instructions, depending on the prompt; undefined if the prompt belongs to neither. Only the last message of a
 * conversation counts, and it must be the user's.
 */
export function goldRewardOf(prompt: Prompt): ((response: string) => number) | undefined {
  const text = lastText(prompt);
  if (text === undefined) return undefined;
  if (isWorldPrompt(text)) return (response) => goldReward(text, response).total;
  if (parseInstruction(text)) return (response) => instructionReward(text, response).total;
  return undefined;
}

/** The gold reward functions of the prompts, in order; undefined if a prompt has none. */
export function goldRewardsOf(prompts: readonly Prompt[]): readonly ((response: string) => number)[] | undefined {
  const rewards = prompts.flatMap((prompt) => goldRewardOf(prompt) ?? []);
  return rewards.length === prompts.length ? rewards : undefined;
}

/** Error for a prompt without a gold reward. */
export function noGoldReward(prompt: Prompt): InputError {
  return new InputError(
    `there is no gold reward for ${quote(prompt, 120)}; it applies only to prompts of the synthetic world, such as ` +
      `"cook a soup with rice and peas . use three steps . be polite .", and to instructions, such as "Write one sentence about coffee. Use at most 9 words. End with a question mark."`,
  );
}

function lastText(prompt: Prompt): string | undefined {
  if (typeof prompt === "string") return prompt;
  const last = prompt.at(-1);
  return last?.role === "user" && typeof last.content === "string" ? last.content : undefined;
}

import type { PreferencePair } from "../data/pair.js";
import type { TokenizedPair } from "../data/tokenize.js";
import { goldReward } from "../data/world/gold.js";
import { isWorldPrompt } from "../data/world/request.js";
import type { HeldOut } from "../run/input.js";

/**
 * Held-out pairs as a run takes them. Prompts of the synthetic world bring their gold reward.
 *
 * @param tokenized the pairs in tokens; those that did not fit are left out
 * @param pairs the same as texts
 */
export function heldOutPairs(tokenized: readonly TokenizedPair[], pairs: readonly PreferencePair[]): HeldOut {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  const prompts = tokenized.map(({ id }) => promptOf.get(id)!);
  const isWorld = prompts.every((prompt) => typeof prompt === "string" && isWorldPrompt(prompt));
  return { pairs: tokenized, ...(isWorld && { gold: (i: number, response: string) => goldReward(prompts[i] as string, response).total }) };
}

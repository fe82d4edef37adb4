import type { PreferenceLoss } from "../align/losses/loss.js";
import type { PreferencePair } from "../data/pair.js";
import type { TokenizedPair } from "../data/tokenize.js";
import { goldReward } from "../data/world/gold.js";
import { isWorldPrompt } from "../data/world/request.js";
import type { GenerationOptions } from "../model/generate.js";
import type { HeldOut } from "./evaluate.js";

/**
 * Held-out pairs in the form that {@link evaluate} expects; with a gold reward if all prompts are of the synthetic world.
 *
 * @param tokenized the tokenized pairs, without those that did not fit the context
 * @param pairs the pairs as text
 */
export function heldOutPairs(
  tokenized: readonly TokenizedPair[],
  pairs: readonly PreferencePair[],
  generation: GenerationOptions,
  loss: PreferenceLoss,
): HeldOut {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  const prompts = tokenized.map(({ id }) => promptOf.get(id)!);
  const isWorld = prompts.every((prompt) => typeof prompt === "string" && isWorldPrompt(prompt));
  return {
    pairs: tokenized,
    loss,
    generation,
    ...(isWorld && { gold: (i: number, response: string) => goldReward(prompts[i] as string, response).total }),
  };
}

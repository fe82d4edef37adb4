import { goldRewardsOf } from "../data/gold.js";
import type { PreferencePair } from "../data/pair.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { HeldOut } from "../run/input.js";

/**
 * Held-out pairs as a run takes them. Prompts of the synthetic world and instructions bring their gold reward.
 *
 * @param tokenized the pairs in tokens; those that did not fit are left out
 * @param pairs the same as texts
 */
export function heldOutPairs(tokenized: readonly TokenizedPair[], pairs: readonly PreferencePair[]): HeldOut {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  const rewards = goldRewardsOf(tokenized.map(({ id }) => promptOf.get(id)!));
  return { pairs: tokenized, ...(rewards && { gold: (i: number, response: string) => rewards[i]!(response) }) };
}

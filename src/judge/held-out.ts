import { goldRewardsOf } from "../data/gold.js";
import type { PreferencePair } from "../data/pair.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { HeldOut } from "../run/input.js";

/**
 * Prepares held-out pairs for a run. Prompts of the synthetic world and of the instructions come with their gold reward.
 *
 * @param tokenized the pairs as tokens, without those that did not fit
 * @param pairs the pairs as texts
 */
export function heldOutPairs(tokenized: readonly TokenizedPair[], pairs: readonly PreferencePair[]): HeldOut {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  const rewards = goldRewardsOf(tokenized.map(({ id }) => promptOf.get(id)!));
  return { pairs: tokenized, ...(rewards && { gold: (i: number, response: string) => rewards[i]!(response) }) };
}

import { promptIds } from "../data/prompt-ids.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { PairValues } from "./log-ratios.js";

/** A pair as the policy judges it. The ratios are log π/π_ref; margins are in nats, not scaled by β. */
export interface Margin {
  readonly id: string;
  /** Names the prompt: the id of the first pair that has it. */
  readonly prompt: string;
  /** ρ(y_w) under the newest policy. */
  readonly chosenReward: number;
  /** ρ(y_l) under the newest policy. */
  readonly rejectedReward: number;
  /** m(π_{t−1}) = ρ(y_w) − ρ(y_l), the implicit reward margin over β. */
  readonly margin: number;
  /** m(π_{t−2}); 0 under the reference itself. */
  readonly previousMargin: number;
  /** The margins of the policies, weighted: by SeRA (1−γ)·m(π_{t−1}) + γ·m(π_{t−2}). */
  readonly ensemble: number;
  /** Tokens of the responses. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
  /** Scores from the data's own judge, where the data has them. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
  /** Whether the pair's label was flipped on purpose. */
  readonly flipped?: boolean;
}

/**
 * The implicit reward margin of every pair, ensembled over policies (SeRA, arXiv 2410.09362, section 3).
 *
 * @param pairs the pairs in tokens
 * @param ratios log-ratios under the newest policy, π_{t−1}
 * @param earlier margins under the policies before it, the newest of them first, in the order of the pairs; those of
 *   the reference are 0 and may be left out
 * @param weights of the newest policy and those before it; SeRA's are [1−γ, γ]
 */
export function margins(
  pairs: readonly TokenizedPair[],
  ratios: PairValues,
  earlier: readonly (readonly number[])[],
  weights: readonly number[],
): Margin[] {
  const prompts = promptIds(pairs);
  return pairs.map(({ id, chosen, rejected, flipped, chosenScore, rejectedScore }, i) => {
    const chosenReward = ratios.chosen[i]!;
    const rejectedReward = ratios.rejected[i]!;
    const margin = chosenReward - rejectedReward;
    const all = [margin, ...earlier.map((values) => values[i]!)];
    return {
      id,
      prompt: prompts[i]!,
      chosenReward,
      rejectedReward,
      margin,
      previousMargin: all[1] ?? 0,
      ensemble: ensemble(all, weights),
      chosenLength: chosen.length,
      rejectedLength: rejected.length,
      ...(chosenScore !== undefined && { chosenScore }),
      ...(rejectedScore !== undefined && { rejectedScore }),
      ...(flipped && { flipped }),
    };
  });
}

/** What several policies say, weighted: Σ weight · value. Policies without a value, such as the reference, say 0. */
export function ensemble(values: readonly number[], weights: readonly number[]): number {
  return weights.reduce((total, weight, i) => total + weight * (values[i] ?? 0), 0);
}

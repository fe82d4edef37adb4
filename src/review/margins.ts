import { promptIds } from "../data/prompt-ids.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { PairValues } from "./log-ratios.js";

/** The implicit rewards and margins of a pair, over β, in nats; for DPO and similar losses log-ratios log π/π_ref. */
export interface Margin {
  readonly id: string;
  /** The prompt's id: that of the first pair with this prompt. */
  readonly prompt: string;
  /** ρ(y_w) under the newest policy. */
  readonly chosenReward: number;
  /** ρ(y_l) under the newest policy. */
  readonly rejectedReward: number;
  /** m(π_{t−1}) = ρ(y_w) − ρ(y_l), the implicit reward margin over β. */
  readonly margin: number;
  /** m(π_{t−2}); 0 if that is the reference. */
  readonly previousMargin: number;
  /** The ensemble margin, a weighted sum over policies; for SeRA (1−γ)·m(π_{t−1}) + γ·m(π_{t−2}). */
  readonly ensemble: number;
  /** Lengths of the responses in tokens. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
  /** Scores in the dataset, if it has them. */
  readonly chosenScore?: number;
  readonly rejectedScore?: number;
  /** Whether the pair's label was flipped on purpose. */
  readonly flipped?: boolean;
}

/**
 * Computes the implicit reward margin of every pair, ensembled over policies (SeRA, arXiv 2410.09362, section 3).
 *
 * @param pairs the tokenized pairs
 * @param ratios implicit rewards over β under the newest policy, π_{t−1}
 * @param earlier margins under earlier policies, newest first, in the order of the pairs; those of the reference are 0 and
 *   may be omitted
 * @param weights of the newest policy and the earlier ones; for SeRA [1−γ, γ]
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

/** Computes the weighted sum over policies, Σ weight · value. Missing values, such as the reference's, are 0. */
export function ensemble(values: readonly number[], weights: readonly number[]): number {
  return weights.reduce((total, weight, i) => total + weight * (values[i] ?? 0), 0);
}

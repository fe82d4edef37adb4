import type { TokenizedPair } from "../data/tokenize.js";
import type { PairValues } from "./log-ratios.js";

/** A pair as the policy judges it. The ratios are log π/π_ref; margins are in nats, not scaled by β. */
export interface Margin {
  readonly id: string;
  /** ρ(y_w) under the newest policy. */
  readonly chosenLogRatio: number;
  /** ρ(y_l) under the newest policy. */
  readonly rejectedLogRatio: number;
  /** m(π_{t−1}) = ρ(y_w) − ρ(y_l), the implicit reward margin over β. */
  readonly margin: number;
  /** m(π_{t−2}); 0 under the reference itself. */
  readonly previousMargin: number;
  /** (1−γ)·m(π_{t−1}) + γ·m(π_{t−2}). */
  readonly ensemble: number;
  /** Whether the pair's label was flipped on purpose. */
  readonly flipped?: boolean;
}

/**
 * The implicit reward margin of every pair, ensembled over the last two policies (SeRA, arXiv
 * 2410.09362, section 3).
 *
 * @param pairs the pairs, of which their names and flips are taken over
 * @param ratios log-ratios under π_{t−1}
 * @param previousMargins m(π_{t−2}) in the same order; undefined where π_{t−2} is the reference, whose margins are 0
 * @param gamma weight of π_{t−2}
 */
export function margins(
  pairs: readonly Pick<TokenizedPair, "id" | "flipped">[],
  ratios: PairValues,
  previousMargins: readonly number[] | undefined,
  gamma: number,
): Margin[] {
  return pairs.map(({ id, flipped }, i) => {
    const chosenLogRatio = ratios.chosen[i]!;
    const rejectedLogRatio = ratios.rejected[i]!;
    const margin = chosenLogRatio - rejectedLogRatio;
    const previousMargin = previousMargins?.[i] ?? 0;
    const ensembled = ensemble(margin, previousMargin, gamma);
    return { id, chosenLogRatio, rejectedLogRatio, margin, previousMargin, ensemble: ensembled, ...(flipped && { flipped }) };
  });
}

/** (1−γ)·newest + γ·previous. */
export function ensemble(newest: number, previous: number, gamma: number): number {
  return (1 - gamma) * newest + gamma * previous;
}

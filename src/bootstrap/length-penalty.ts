import { InputError } from "../base/errors.js";
import { formPairs } from "./form-pairs.js";
import type { LabelledSample } from "./label.js";
import type { Pairing, PairingName } from "./pairings.js";

/** Subtracts α per token from each reward: the length-regularized implicit reward (DICE: Chen et al. 2024, arXiv 2406.09760). */
export function penalizeLength(samples: readonly LabelledSample[], alpha: number): LabelledSample[] {
  return samples.map((sample) => ({ ...sample, reward: sample.reward - alpha * sample.tokens.length }));
}

/** The values of α that {@link balancingPenalty} tries, in nats per token. */
export const penaltyGrid: readonly number[] = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];

/**
 * The α of a grid for which the mean lengths of chosen and rejected responses are closest (DICE, arXiv 2406.09760), and
 * the remaining difference in tokens; the smaller α in a tie.
 *
 * @param samples with their rewards before any penalty
 * @param pairing the pairing rule
 * @throws InputError if no pair can be formed for any α
 */
export function balancingPenalty(
  samples: readonly LabelledSample[],
  stopIds: readonly number[],
  pairing: PairingName | Pairing = "best-worst",
  grid: readonly number[] = penaltyGrid,
): { readonly alpha: number; readonly difference: number } {
  const tried = grid.flatMap((alpha) => {
    const { pairs } = formPairs(penalizeLength(samples, alpha), samples.length ** 2, stopIds, pairing);
    if (pairs.length === 0) return [];
    const difference = pairs.reduce((total, { chosen, rejected }) => total + chosen.tokens.length - rejected.tokens.length, 0) / pairs.length;
    return [{ alpha, difference }];
  });
  if (tried.length === 0) {
    throw new InputError("length penalty: no prompt has two distinct samples, so there are no lengths to balance; sample more responses per prompt");
  }
  return tried.reduce((best, other) => (Math.abs(other.difference) < Math.abs(best.difference) ? other : best));
}

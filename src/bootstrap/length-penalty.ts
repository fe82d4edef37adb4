import { InputError } from "../base/errors.js";
import { formPairs } from "./form-pairs.js";
import type { LabelledSample } from "./label.js";
import type { Pairing, PairingName } from "./pairings.js";

/** Rewards less α for each token: the length-regularised implicit reward (DICE: Chen et al. 2024, arXiv 2406.09760). */
export function penalizeLength(samples: readonly LabelledSample[], alpha: number): LabelledSample[] {
  return samples.map((sample) => ({ ...sample, reward: sample.reward - alpha * sample.tokens.length }));
}

/** The α from which {@link balancingPenalty} chooses, in nats a token. */
export const penaltyGrid: readonly number[] = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];

/**
 * The α of a grid under which chosen and rejected responses are most nearly of the same mean length (DICE, arXiv
 * 2406.09760), and that difference in tokens; of two equally good the smaller.
 *
 * @param samples with their rewards before any penalty
 * @param pairing how pairs are made of them
 * @throws InputError where no pair can be made under any α
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
    throw new InputError("length penalty: found no prompt with two different samples, expected at least one to balance lengths by");
  }
  return tried.reduce((best, other) => (Math.abs(other.difference) < Math.abs(best.difference) ? other : best));
}

import { InputError } from "../base/errors.js";
import { formPairs } from "./form-pairs.js";
import type { LabelledSample } from "./label.js";
import type { Pairing, PairingName } from "./pairings.js";

/** Subtracts α per token from each reward: the length-regularized implicit reward (DICE: Chen et al. 2024, arXiv 2406.09760). */
export function penalizeLength(samples: readonly LabelledSample[], alpha: number): LabelledSample[] {
  return samples.map((sample) => ({ ...sample, reward: sample.reward - alpha * sample.tokens.length }));
}

/** A penalty in nats per token, and the resulting mean length difference of chosen and rejected responses in tokens. */
export interface Balance {
  readonly alpha: number;
  readonly difference: number;
}

/** The values of α that {@link balancingPenalty} tries, in nats per token. */
export const penaltyGrid: readonly number[] = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];

/**
 * Returns the α on a grid for which the mean lengths of chosen and rejected responses are closest (DICE, arXiv
 * 2406.09760), and the remaining difference in tokens; the smaller α in a tie.
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
): Balance {
  const tried = grid.flatMap((alpha) => balanceAt(alpha, samples, stopIds, pairing) ?? []);
  if (tried.length === 0) throw nothingToBalance();
  return tried.reduce((best, other) => (Math.abs(other.difference) < Math.abs(best.difference) ? other : best));
}

/**
 * Searches a fine grid from 0 to 1 upwards, as DICE's code does, and returns the last α before the difference of the
 * mean lengths of chosen and rejected responses grows; the smallest of equal ones.
 *
 * @param step of the grid, in nats per token
 * @throws InputError if no pair can be formed
 */
export function firstBalancingPenalty(
  samples: readonly LabelledSample[],
  stopIds: readonly number[],
  pairing: PairingName | Pairing,
  step: number,
): Balance {
  let best: Balance | undefined;
  for (let i = 0; i * step <= 1 + 1e-9; i++) {
    const found = balanceAt(i * step, samples, stopIds, pairing);
    if (!found) continue;
    if (best && Math.abs(found.difference) > Math.abs(best.difference)) break;
    if (!best || Math.abs(found.difference) < Math.abs(best.difference)) best = found;
  }
  if (!best) throw nothingToBalance();
  return best;
}

/**
 * Returns the mean length difference of chosen and rejected responses under a penalty; undefined if it leaves no pair.
 */
function balanceAt(
  alpha: number,
  samples: readonly LabelledSample[],
  stopIds: readonly number[],
  pairing: PairingName | Pairing,
): Balance | undefined {
  const { pairs } = formPairs(penalizeLength(samples, alpha), samples.length ** 2, stopIds, pairing);
  if (pairs.length === 0) return undefined;
  return {
    alpha,
    difference:
      pairs.reduce((total, { chosen, rejected }) => total + chosen.tokens.length - rejected.tokens.length, 0) /
      pairs.length,
  };
}

const nothingToBalance = () =>
  new InputError(
    "length penalty: no prompt has two distinct samples, so there are no lengths to balance; sample more responses per prompt, or raise maxNewTokens if many were cut off",
  );

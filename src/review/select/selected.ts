import { InputError } from "../../base/errors.js";
import type { Margin } from "../margins.js";

/** A reviewed pair, and whether it is selected for training. */
export interface Reviewed extends Margin {
  readonly kept: boolean;
}

/**
 * Keeps a share of the rows, the first ones in the given order.
 *
 * @param order row indices, the first to keep first
 * @param share K / N, in [0, 1]; K is rounded to the nearest whole number
 * @returns all rows in their original order
 */
export function keepFirst(rows: readonly Margin[], order: readonly number[], share: number): Reviewed[] {
  checkShare(share);
  const kept = new Set(order.slice(0, Math.round(share * rows.length)));
  return rows.map((row, i) => ({ ...row, kept: kept.has(i) }));
}

/** Returns indices by decreasing value; ties keep their order. */
export function descending(rows: readonly Margin[], valueOf: (row: Margin) => number): number[] {
  const values = rows.map(valueOf);
  return [...rows.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
}

/**
 * Returns indices by decreasing ensemble margin.
 *
 * @throws InputError if all margins are equal, because any choice would then be arbitrary
 */
export function byMargin(rows: readonly Margin[]): number[] {
  const [first] = rows;
  if (first && rows.every(({ ensemble }) => ensemble === 0)) {
    throw new InputError(
      "select: all margins are 0; the policy must be trained before pairs are selected by its margins",
    );
  }
  if (first && rows.length > 1 && rows.every(({ ensemble }) => ensemble === first.ensemble)) {
    throw new InputError(
      `select: all margins are ${first.ensemble}, so they cannot rank the pairs; use the rule "random", which needs none`,
    );
  }
  return descending(rows, ({ ensemble }) => ensemble);
}

/** @throws InputError if the share is outside [0, 1] */
export function checkShare(share: number): void {
  if (!(share >= 0 && share <= 1)) throw new InputError(`select: found ${share}, expected a share in [0, 1]`);
}

import { InputError } from "../../base/errors.js";
import type { Margin } from "../margins.js";

/** A reviewed pair and whether it is trained on next. */
export interface Reviewed extends Margin {
  readonly kept: boolean;
}

/**
 * Keeps a share of the rows, those that come first in an order.
 *
 * @param order indices of the rows, the first to be kept first
 * @param share K / N, in [0, 1]; K is rounded to the nearest whole number
 * @returns all rows in their own order
 */
export function keepFirst(rows: readonly Margin[], order: readonly number[], share: number): Reviewed[] {
  checkShare(share);
  const kept = new Set(order.slice(0, Math.round(share * rows.length)));
  return rows.map((row, i) => ({ ...row, kept: kept.has(i) }));
}

/** Indices by falling value; of equal values the earlier comes first. */
export function descending(rows: readonly Margin[], valueOf: (row: Margin) => number): number[] {
  const values = rows.map(valueOf);
  return [...rows.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
}

/**
 * Indices by falling margin.
 *
 * @throws InputError where all margins are the same: they tell no pair from another, and any choice would be a random one
 */
export function byMargin(rows: readonly Margin[]): number[] {
  const [first] = rows;
  if (first && rows.every(({ ensemble }) => ensemble === 0)) {
    throw new InputError("select: found margins that are all 0, expected those of a policy that has been trained");
  }
  if (first && rows.length > 1 && rows.every(({ ensemble }) => ensemble === first.ensemble)) {
    throw new InputError(`select: found margins that are all ${first.ensemble}, expected some that differ; the rule "random" needs none`);
  }
  return descending(rows, ({ ensemble }) => ensemble);
}

/** @throws InputError where a share is outside [0, 1] */
export function checkShare(share: number): void {
  if (!(share >= 0 && share <= 1)) throw new InputError(`select: found ${share}, expected a share in [0, 1]`);
}

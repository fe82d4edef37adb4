import { op, table } from "arquero";
import { requireFinite } from "./require-finite.js";

/** Correlations of two measurements of the same items; null if one of them is constant. */
export interface Correlation {
  readonly n: number;
  readonly pearson: number | null;
  /** Correlation of the ranks; equal values share their mean rank (Spearman 1904). */
  readonly spearman: number | null;
}

/**
 * Computes the correlations of paired values.
 *
 * @throws RangeError if there are not equally many of both, or a value is not a finite number
 */
export function correlationOf(x: readonly number[], y: readonly number[]): Correlation {
  if (x.length !== y.length) throw new RangeError(`the correlation of ${x.length} and ${y.length} values`);
  requireFinite(x);
  requireFinite(y);
  return { n: x.length, pearson: pearsonOf(x, y), spearman: pearsonOf(ranksOf(x), ranksOf(y)) };
}

function ranksOf(values: readonly number[]): number[] {
  const ranked = table({ value: [...values] })
    .orderby("value")
    .derive({ rank: op.avg_rank() });
  return ranked.unorder().array("rank") as number[];
}

function pearsonOf(x: readonly number[], y: readonly number[]): number | null {
  const { r } = table({ x: [...x], y: [...y] })
    .rollup({ r: op.corr("x", "y") })
    .object() as { r: number };
  return Number.isFinite(r) ? r : null;
}

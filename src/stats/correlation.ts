import { op, table } from "arquero";

/** How two measurements of the same things go together; null if one of them is the same for all. */
export interface Correlation {
  readonly n: number;
  readonly pearson: number | null;
  /** Of the ranks, where equal values share their mean rank (Spearman 1904). */
  readonly spearman: number | null;
}

/** The correlations of paired values. */
export function correlationOf(x: readonly number[], y: readonly number[]): Correlation {
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

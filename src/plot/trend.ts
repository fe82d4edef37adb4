import { op, table } from "arquero";

/** Pearson's correlation and the least-squares line over the range of x. */
export interface Trend {
  readonly correlation: number;
  /** Units of y per unit of x. */
  readonly slope: number;
  readonly x: number;
  readonly y: number;
  readonly x2: number;
  readonly y2: number;
}

/** Computes the trend of the points; undefined if x or y is constant. */
export function trendOf(points: readonly { readonly x: number; readonly y: number }[]): Trend | undefined {
  const of = table({ x: points.map(({ x }) => x), y: points.map(({ y }) => y) })
    .rollup({
      correlation: op.corr("x", "y"),
      covariance: op.covariance("x", "y"),
      variance: op.variance("x"),
      meanX: op.mean("x"),
      meanY: op.mean("y"),
      least: op.min("x"),
      greatest: op.max("x"),
    })
    .object() as Record<"correlation" | "covariance" | "variance" | "meanX" | "meanY" | "least" | "greatest", number>;
  if (!Number.isFinite(of.correlation)) return undefined;
  const slope = of.covariance / of.variance;
  const at = (x: number) => of.meanY + slope * (x - of.meanX);
  return { correlation: of.correlation, slope, x: of.least, y: at(of.least), x2: of.greatest, y2: at(of.greatest) };
}

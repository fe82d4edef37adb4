import type { Random } from "../base/random.js";

/** A mean with an interval that holds 95 % of the means of resampled data. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 1000;

/**
 * The mean and its 95 % percentile bootstrap interval (Efron 1979).
 *
 * @param values independent of each other, one for each prompt, say
 * @throws RangeError where there are none
 */
export function bootstrapInterval(values: readonly number[], random: Random): Interval {
  if (values.length === 0) throw new RangeError("the mean of no values");
  const mean = (draw: (i: number) => number) => values.reduce((total, _, i) => total + draw(i), 0) / values.length;
  const means = Float64Array.from({ length: resamples }, () => mean(() => values[random.integer(values.length)]!)).sort();
  const at = (share: number) => means[Math.round(share * (resamples - 1))]!;
  return { mean: mean((i) => values[i]!), low: at(0.025), high: at(0.975) };
}

import type { Random } from "../base/random.js";
import { mean } from "./mean.js";
import { requireFinite } from "./require-finite.js";

/** A value with its 95 % interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 1000;

/**
 * Computes the mean and its 95 % percentile bootstrap interval (Efron 1979).
 *
 * @param values independent values, such as one per prompt
 * @throws RangeError if there are no values, or one is not a finite number
 */
export function bootstrapInterval(values: readonly number[], random: Random): Interval {
  if (values.length === 0) throw new RangeError("the mean of no values");
  requireFinite(values);
  return bootstrapIntervalOf(values, mean, random);
}

/**
 * Computes any statistic of some items and its 95 % percentile bootstrap interval (Efron 1979).
 *
 * @param items independent items
 */
export function bootstrapIntervalOf<T>(
  items: readonly T[],
  figure: (items: readonly T[]) => number,
  random: Random,
): Interval {
  const figures = Float64Array.from({ length: resamples }, () =>
    figure(items.map(() => items[random.integer(items.length)]!)),
  ).sort();
  const at = (share: number) => figures[Math.round(share * (resamples - 1))]!;
  return { mean: figure(items), low: at(0.025), high: at(0.975) };
}

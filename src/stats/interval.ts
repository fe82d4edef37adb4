import type { Random } from "../base/random.js";
import { mean } from "./mean.js";

/** A value with an interval that holds 95 % of its values on resampled data. */
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
 * @throws RangeError if there are none
 */
export function bootstrapInterval(values: readonly number[], random: Random): Interval {
  if (values.length === 0) throw new RangeError("the mean of no values");
  return bootstrapIntervalOf(values, mean, random);
}

/**
 * Any figure of some items and its 95 % percentile bootstrap interval (Efron 1979).
 *
 * @param items independent of each other
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

import { crossedInterval, type CrossedInterval, type ValueRange } from "./crossed.js";

/**
 * Subtracts two tables of values, one per seed (row) and prompt (column), for {@link crossedInterval}.
 *
 * @param a table of the same shape as `b`, with the same seeds as rows and the same prompts as columns
 * @throws RangeError if the shapes differ
 */
export function minus(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  if (a.length !== b.length || a.some((row, i) => row.length !== b[i]!.length)) {
    throw new RangeError("tables of different shapes");
  }
  return a.map((row, i) => row.map((value, j) => value - b[i]![j]!));
}

/**
 * Computes the mean of a table of values minus another, paired by seed and prompt, with its {@link crossedInterval}.
 *
 * @param range range of the differences. Default: unlimited
 * @throws RangeError as {@link minus} and {@link crossedInterval}
 * @example crossedDifference(goldOfSera, goldOfDpo, { low: -1, high: 1 })
 */
export function crossedDifference(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  range?: ValueRange,
): CrossedInterval {
  return crossedInterval(minus(a, b), range);
}

/**
 * Computes the mean of one value per seed, with Student's 95 % interval over seeds.
 *
 * @throws RangeError if there are no values
 */
export function overSeeds(values: readonly number[]): CrossedInterval {
  return crossedInterval(Array.from(values, (value) => [value]));
}

import { crossedInterval, type CrossedInterval } from "./crossed.js";

/**
 * The differences of two tables of values, one for each seed (row) and prompt (column), as {@link crossedInterval} takes them.
 *
 * @param a of the same shape as `b`, rows standing for the same seeds and columns for the same prompts
 * @throws RangeError if the shapes differ
 * @example crossedInterval(minus(goldOfSera, goldOfDpo), { low: -1, high: 1 })
 */
export function minus(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  if (a.length !== b.length || a.some((row, i) => row.length !== b[i]!.length)) {
    throw new RangeError("tables of different shapes");
  }
  return a.map((row, i) => row.map((value, j) => value - b[i]![j]!));
}

/**
 * The mean of one value for each seed, with its 95 % interval: Student's over seeds.
 *
 * @throws RangeError if there are no values
 */
export function overSeeds(values: readonly number[]): CrossedInterval {
  return crossedInterval(values.map((value) => [value]));
}

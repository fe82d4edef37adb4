import type { Interval } from "./interval.js";
import { mean } from "./mean.js";
import { requireFinite } from "./require-finite.js";
import { studentQuantile, studentWithin } from "./student.js";

/** The mean of a table of runs × prompts, with its 95 % interval and the sources of variation that the interval covers. */
export interface CrossedInterval extends Interval {
  /** `prompts`: there is only one seed, so the variation between seeds is unknown. */
  readonly over: "seeds and prompts" | "prompts";
  /** Two-sided p-value of the hypothesis that the mean is 0. */
  readonly pValue: number;
  /** Standard deviation (n − 1) of the seeds' means, which includes the noise of their prompts; null for one seed. */
  readonly seedDeviation: number | null;
}

/**
 * Computes the mean of a table of values, one per seed (row) and prompt (column), with its 95 % interval over both.
 *
 * With the mean squares of the two-way layout, A for seeds, B for prompts and E for the residual, the variance of the
 * mean has two parts, estimated separately: a = A / (SP) with S − 1 degrees of freedom, and b = max(0, B − E) / (SP)
 * with P − 1 (crossed random effects; Searle, Casella & McCulloch 1992, chapter 4). Each is weighted with its own
 * quantile of Student's t, mean ± √(t²₍S−1₎ a + t²₍P−1₎ b), which is conservative whatever their ratio (Banerjee 1960,
 * Sankhyā 22; the rule is exact where one part is 0). docs/statistics.md compares its coverage with that of other
 * intervals.
 *
 * Values with a range (rates, rewards in [0, 1]) have skewed means if seeds differ much. Their interval is computed on
 * the logit scale, with deviations by the delta method, and so stays within the range.
 *
 * With one seed, a is unknown, and the interval is Student's over prompts.
 *
 * @param rows rows of equal length, whose columns are the same prompts. A single value has no bounds (±∞)
 * @param range range of the values. Default: unlimited
 * @throws RangeError if there are no values, rows differ in length, a value is not a finite number or outside the
 *   range, or the range has no two finite ends
 */
export function crossedInterval(rows: readonly (readonly number[])[], range?: ValueRange): CrossedInterval {
  const { mean: computed, seeds, prompts, seedDeviation } = crossedVariances(rows);
  if (range) requireWithin(rows, range);
  // Rounding can take the mean of values at an end past it.
  const centre = range ? Math.min(range.high, Math.max(range.low, computed)) : computed;
  if (rows.length * rows[0]!.length === 1)
    return { mean: centre, low: -Infinity, high: Infinity, over: "prompts", pValue: 1, seedDeviation };
  // At an end, all values are equal, and so is their mean but for rounding.
  const isAtEnd = centre === range?.low || centre === range?.high;
  const parts = isAtEnd ? [] : [seeds, prompts].filter(({ variance }) => variance > 0);
  const halfAt = (share: number) =>
    Math.sqrt(parts.reduce((sum, { variance, degrees }) => sum + studentQuantile(share, degrees) ** 2 * variance, 0));
  // Without variance, there is nothing to transform.
  const scale = range && parts.length > 0 ? logitScale(range, centre) : identityScale(centre);
  const half = halfAt(0.05);
  return {
    ...{ mean: centre, low: scale.at(-half), high: scale.at(half) },
    over: rows.length === 1 ? "prompts" : "seeds and prompts",
    pValue: pValueOf(scale.distanceToZero, parts, halfAt),
    seedDeviation,
  };
}

/** @throws RangeError if a value is outside the range, or the range is not one */
function requireWithin(rows: readonly (readonly number[])[], { low, high }: ValueRange): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new RangeError(`range: found [${low}, ${high}], expected two finite numbers, the lower one first`);
  if (!rows.every((row) => row.every((value) => value >= low && value <= high)))
    throw new RangeError(`a value outside [${low}, ${high}]`);
}

/** The lowest and the highest possible value. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** A scale for an interval about the mean, in the values' own units at the mean. */
interface Scale {
  /** The value at a distance from the mean. */
  at(distance: number): number;
  /** Distance from the mean to 0; infinite if 0 is not on the scale. */
  readonly distanceToZero: number;
}

function identityScale(mean: number): Scale {
  return { at: (distance) => mean + distance, distanceToZero: mean };
}

function logitScale({ low, high }: ValueRange, mean: number): Scale {
  const width = high - low;
  const share = (mean - low) / width;
  const logit = (p: number) => Math.log(p / (1 - p));
  /** Derivative of the value with respect to the logit, at the mean. */
  const slope = width * share * (1 - share);
  return {
    at: (distance) => low + width / (1 + Math.exp(-(logit(share) + distance / slope))),
    distanceToZero: (logit(share) - logit(Math.min(1, Math.max(0, -low / width)))) * slope,
  };
}

export interface Part {
  readonly variance: number;
  readonly degrees: number;
}

/** The p-value: the share outside an interval that just reaches 0. */
function pValueOf(distance: number, parts: readonly Part[], halfAt: (share: number) => number): number {
  if (distance === 0) return 1;
  const [only] = parts;
  if (!only) return 0;
  if (parts.length === 1) return 1 - studentWithin(Math.abs(distance) / Math.sqrt(only.variance), only.degrees);
  let [low, high] = [1e-12, 1 - 1e-12];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (halfAt(middle) > Math.abs(distance)) low = middle;
    else high = middle;
  }
  return high;
}

export interface CrossedVariances {
  readonly mean: number;
  readonly seeds: Part;
  readonly prompts: Part;
  readonly seedDeviation: number | null;
}

/** Estimates the two parts of the variance of a table's mean; see {@link crossedInterval}. */
export function crossedVariances(rows: readonly (readonly number[])[]): CrossedVariances {
  const [s, p] = [rows.length, rows[0]?.length ?? 0];
  if (s > 0 && typeof rows[0] === "number") throw new RangeError("found a list of numbers, expected one for each seed");
  if (p === 0) throw new RangeError("the mean of no values");
  if (rows.some((row) => row.length !== p)) throw new RangeError("rows of different lengths");
  rows.forEach(requireFinite);
  const rowMeans = rows.map(mean);
  const columnMeans = rows[0]!.map((_, j) => mean(rows.map((row) => row[j]!)));
  const centre = mean(rowMeans);
  const deviation = squaresAbout(rowMeans, centre) / (s - 1);
  const seedDeviation = s === 1 ? null : Math.sqrt(deviation);
  const ofSeeds = { variance: s === 1 ? 0 : deviation / s, degrees: Math.max(1, s - 1) };
  if (p === 1) return { mean: centre, seeds: ofSeeds, prompts: { variance: 0, degrees: 1 }, seedDeviation };
  const between = squaresAbout(columnMeans, centre) / (p - 1);
  const rest =
    s === 1
      ? 0
      : rows.reduce(
          (sum, row, i) =>
            sum + row.reduce((inner, x, j) => inner + (x - rowMeans[i]! - columnMeans[j]! + centre) ** 2, 0),
          0,
        ) /
        ((s - 1) * (p - 1));
  return {
    mean: centre,
    seeds: ofSeeds,
    prompts: { variance: Math.max(0, between - rest / s) / p, degrees: p - 1 },
    seedDeviation,
  };
}

function squaresAbout(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

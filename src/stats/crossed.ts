import type { Random } from "../base/random.js";
import type { Interval } from "./interval.js";

const resamples = 2000;

/**
 * The mean of a table of values, one for each run (row) and item (column), and its 95 % interval by the pigeonhole
 * bootstrap: rows and columns are both drawn anew, so that the interval holds what comes from the seeds and what comes
 * from the prompts (Owen 2007, arXiv 0712.1111). It is on the safe side, the more so the fewer rows there are; with one
 * row only the columns are drawn.
 *
 * @param rows of the same length, the columns standing for the same items
 * @throws RangeError where there are no values, or rows of different lengths
 */
export function crossedInterval(rows: readonly (readonly number[])[], random: Random): Interval {
  const columns = rows[0]?.length ?? 0;
  if (columns === 0) throw new RangeError("the mean of no values");
  if (rows.some((row) => row.length !== columns)) throw new RangeError("rows of different lengths");
  const means = Float64Array.from({ length: resamples }, () => {
    const drawnRows = rows.map(() => rows[random.integer(rows.length)]!);
    const drawnColumns = Array.from({ length: columns }, () => random.integer(columns));
    return meanOf(drawnRows, drawnColumns);
  }).sort();
  const at = (share: number) => means[Math.round(share * (resamples - 1))]!;
  return { mean: meanOf(rows, [...rows[0]!.keys()]), low: at(0.025), high: at(0.975) };
}

function meanOf(rows: readonly (readonly number[])[], columns: readonly number[]): number {
  let total = 0;
  for (const row of rows) for (const column of columns) total += row[column]!;
  return total / (rows.length * columns.length);
}

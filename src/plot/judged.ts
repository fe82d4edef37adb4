import type { NamedInterval } from "./interval-plot.js";
import type { IterationRow, Rows } from "./rows.js";
import { isRows, rowsOf } from "./source.js";

/** A figure of a policy's responses that has an interval. */
type Figure = "goldReward" | "winRate";

interface JudgedRun {
  readonly iterations: Rows<Pick<IterationRow, "iteration" | Figure | `${Figure}Interval`>>;
}

/** Means with intervals by name; or a run, whose iterations are drawn; or runs by name, whose last policies are. */
export type JudgedSource = Rows<NamedInterval> | JudgedRun | Readonly<Record<string, JudgedRun>>;

/** The means of a figure with their intervals, of all policies for which it is known. */
export function judgedIntervals(source: JudgedSource, figure: Figure): readonly NamedInterval[] {
  if (isRows(source)) return rowsOf(source as Rows<NamedInterval>);
  const interval = (name: string, row: Partial<IterationRow> | undefined): NamedInterval[] => {
    const mean = row?.[figure];
    const bounds = row?.[`${figure}Interval`];
    return mean == null || bounds == null ? [] : [{ name, mean, low: bounds[0], high: bounds[1] }];
  };
  if ("iterations" in source) {
    return rowsOf((source as JudgedRun).iterations).flatMap((row) => interval(row.iteration === 0 ? start : `iteration ${row.iteration}`, row));
  }
  const runs = Object.entries(source).map(([name, run]) => [name, rowsOf(run.iterations)] as const);
  return [...interval(start, runs[0]?.[1][0]), ...runs.flatMap(([name, iterations]) => interval(name, iterations.at(-1)))];
}

/** The model of iteration 0, from which all of a comparison's runs begin. */
export const start = "SFT";

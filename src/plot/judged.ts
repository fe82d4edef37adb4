import type { NamedInterval } from "./interval-plot.js";
import type { IterationRow, Rows } from "./rows.js";
import { isRows, rowsOf } from "./source.js";

/** A measure of a policy's responses that has an interval. */
type Figure = "goldReward" | "winRate";

interface JudgedRun {
  readonly iterations: Rows<Pick<IterationRow, "iteration" | Figure | `${Figure}Interval`>>;
}

/** Means with intervals by name; or a run, whose iterations are drawn; or runs by name, whose final policies are drawn. */
export type JudgedSource = Rows<NamedInterval> | JudgedRun | Readonly<Record<string, JudgedRun>>;

/** The means of a measure with their intervals, for all policies that have it. */
export function judgedIntervals(source: JudgedSource, figure: Figure): readonly NamedInterval[] {
  if (isRows(source)) return rowsOf(source as Rows<NamedInterval>);
  const interval = (name: string, row: Partial<IterationRow> | undefined): NamedInterval[] => {
    const mean = row?.[figure];
    const bounds = row?.[`${figure}Interval`];
    return mean == null || bounds == null ? [] : [{ name, mean, low: bounds[0], high: bounds[1] }];
  };
  if ("iterations" in source) {
    return rowsOf((source as JudgedRun).iterations).flatMap((row) =>
      interval(row.iteration === 0 ? start : `iteration ${row.iteration}`, row),
    );
  }
  const runs = Object.entries(source).map(([name, run]) => [name, rowsOf(run.iterations)] as const);
  return [
    ...interval(start, runs[0]?.[1][0]),
    ...runs.flatMap(([name, iterations]) => interval(name, iterations.at(-1))),
  ];
}

/** The start model (iteration 0), shared by all runs of a comparison. */
export const start = "start";

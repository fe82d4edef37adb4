import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import type { IterationRow } from "./rows.js";
import { rowsFrom, type Source } from "./source.js";
import { lightTheme } from "./theme.js";

/** Phases of an iteration, in drawing order. */
const phases = ["training", "scoring", "sampling", "evaluation"] as const satisfies (keyof IterationRow["seconds"])[];

/**
 * Wall-clock time of a run by phase, one bar per iteration, in seconds, minutes or hours.
 *
 * @param source a run, or its iterations
 * @throws InputError if no iteration has times of known phases
 */
export function seconds(source: Source<"iterations", Pick<IterationRow, "iteration" | "seconds">>): TopLevelSpec {
  const title = "Time by phase";
  const spent = rowsFrom("seconds", "iterations", source).flatMap((row) =>
    phases.flatMap((phase) => {
      const known = row.seconds[phase];
      const iteration = row.iteration === 0 ? "start" : `iteration ${row.iteration}`;
      return known == null ? [] : [{ iteration, phase, order: phases.indexOf(phase), seconds: known }];
    }),
  );
  if (spent.length === 0) {
    throw new InputError(`plot.seconds: no iteration has seconds of ${phases.join(", ")}`);
  }
  const totals = new Map<string, number>();
  for (const { iteration, seconds } of spent) totals.set(iteration, (totals.get(iteration) ?? 0) + seconds);
  const unit = unitFor(Math.max(...totals.values()));
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: `wall-clock ${unit.name}` },
    width,
    height: { step: 32 },
    data: { values: spent.map(({ seconds, ...rest }) => ({ ...rest, time: seconds / unit.seconds })) },
    mark: { type: "bar", height: { band: 0.7 } },
    encoding: {
      y: { field: "iteration", type: "ordinal", title: null, sort: null },
      x: { field: "time", type: "quantitative", title: unit.name, axis: { grid: true } },
      color: { field: "phase", type: "nominal", scale: { domain: [...phases] } },
      order: { field: "order", type: "quantitative" },
      tooltip: [
        { field: "iteration", type: "ordinal", title: "iteration" },
        { field: "phase", type: "nominal", title: "phase" },
        { field: "time", type: "quantitative", title: unit.name, format: ",.1f" },
      ],
    },
    config: lightTheme,
  };
}

function unitFor(longest: number): { name: string; seconds: number } {
  if (longest < 180) return { name: "seconds", seconds: 1 };
  return longest < 3 * 3600 ? { name: "minutes", seconds: 60 } : { name: "hours", seconds: 3600 };
}

import type { TopLevelSpec } from "vega-lite";
import { rowsOf, type Rows } from "./rows.js";
import { schema } from "./schema.js";
import { lightTheme } from "./theme.js";

/** What an iteration spends its time on, in the order it is drawn. */
const phases = ["training", "scoring", "sampling", "evaluation"] as const;

/** Seconds of wall-clock that an iteration spent; iteration 0 is SFT. */
export interface SecondsRow extends Readonly<Partial<Record<(typeof phases)[number], number | null>>> {
  readonly iteration: number;
}

/** Where the time of a run went: a bar an iteration, in seconds, minutes or hours as fits the longest. */
export function secondsByPhase(rows: Rows<SecondsRow>): TopLevelSpec {
  const title = "Time by phase";
  const spent = rowsOf(rows).flatMap((row) =>
    phases.flatMap((phase) => {
      const seconds = row[phase];
      const iteration = row.iteration === 0 ? "SFT" : `iteration ${row.iteration}`;
      return seconds == null ? [] : [{ iteration, phase, order: phases.indexOf(phase), seconds }];
    }),
  );
  const totals = new Map<string, number>();
  for (const { iteration, seconds } of spent) totals.set(iteration, (totals.get(iteration) ?? 0) + seconds);
  const unit = unitFor(Math.max(0, ...totals.values()));
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: `${unit.name} of wall-clock` },
    width: 420,
    height: { step: 32 },
    data: { values: spent.map(({ seconds, ...rest }) => ({ ...rest, time: seconds / unit.seconds })) },
    mark: { type: "bar", height: { band: 0.7 } },
    encoding: {
      y: { field: "iteration", type: "ordinal", title: null, sort: null },
      x: { field: "time", type: "quantitative", title: unit.name, axis: { grid: true } },
      color: { field: "phase", type: "nominal", scale: { domain: [...phases] } },
      order: { field: "order", type: "quantitative" },
    },
    config: lightTheme,
  };
}

function unitFor(longest: number): { name: string; seconds: number } {
  if (longest < 180) return { name: "seconds", seconds: 1 };
  return longest < 3 * 3600 ? { name: "minutes", seconds: 60 } : { name: "hours", seconds: 3600 };
}

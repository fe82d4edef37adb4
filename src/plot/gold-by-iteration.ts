import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import { intervalLayers } from "./interval-layers.js";
import { legendOf, seriesColours } from "./legend.js";
import type { IterationRow } from "./rows.js";
import { namedRowsFrom, type Sources } from "./source.js";
import { lightTheme } from "./theme.js";

/** Horizontal offset between runs, in iterations. */
const BESIDE = 0.07;

/** Maximum number of means with a label next to the mark. */
const MOST_WRITTEN_OUT = 8;

type GoldRow = Pick<IterationRow, "iteration" | "goldReward" | "goldRewardInterval">;

/**
 * Mean gold reward of each iteration's policy, with 95 % intervals.
 *
 * @param runs a run or its iterations, or several by name
 * @throws InputError if no iteration has a gold reward
 */
export function goldByIteration(runs: Sources<"iterations", GoldRow>): TopLevelSpec {
  const title = "Gold reward by iteration";
  const named = namedRowsFrom("goldByIteration", "iterations", runs);
  const values = named.flatMap(([run, rows], at) =>
    rows.flatMap(({ iteration, goldReward, goldRewardInterval }) =>
      goldReward == null || goldRewardInterval == null
        ? []
        : {
            ...(run && { run }),
            policy: iteration === 0 ? "start" : `iteration ${iteration}`,
            // Side by side, so that the intervals of runs do not overlap.
            position: iteration + BESIDE * (at - (named.length - 1) / 2),
            ...{ mean: goldReward, low: goldRewardInterval[0], high: goldRewardInterval[1] },
          },
    ),
  );
  if (values.length === 0) {
    throw new InputError(
      "plot.goldByIteration: no iteration has goldReward and goldRewardInterval; evaluate the run with held-out pairs",
    );
  }
  const names = [...new Set(values.flatMap(({ run }) => run ?? []))];
  const several = names.length > 1;
  const run = { field: "run", type: "nominal" as const };
  const x = {
    field: "position",
    type: "quantitative" as const,
    title: "iteration",
    axis: { tickMinStep: 1, format: "d", labelExpr: "datum.value === 0 ? 'start' : datum.label" },
    scale: { zero: false, nice: false, padding: 40 },
  };
  const y = {
    type: "quantitative" as const,
    title: "gold reward (0 to 1)",
    axis: { format: ".2~f" },
    scale: { zero: false, padding: 12 },
  };
  const colour = {
    ...run,
    scale: { domain: names, range: seriesColours("goldByIteration", names) },
    legend: legendOf(names),
  };
  const shared = { x, ...(several && { color: colour }) };
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "mean over held-out prompts, with 95 % interval" },
    width,
    height: 220,
    data: { values },
    layer: [
      ...intervalLayers(shared, y, [
        ...(several ? [{ ...run, title: "run" }] : []),
        { field: "policy", type: "nominal", title: "policy" },
      ]),
      ...(several || values.length > MOST_WRITTEN_OUT
        ? []
        : [
            {
              mark: { type: "text" as const, align: "left" as const, dx: 9, dy: 10 },
              encoding: {
                x,
                y: { ...y, field: "mean" },
                text: { field: "mean", type: "quantitative" as const, format: ".3f" },
              },
            },
          ]),
    ],
    config: lightTheme,
  };
}

import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";
import type { Rows } from "./rows.js";
import { rowsOf } from "./source.js";

/**
 * Mean gold rewards of methods' responses, with 95 % intervals. For the iterations of a run there
 * is {@link goldByIteration}.
 *
 * @throws InputError where there is none
 */
export function goldRewards(rows: Rows<NamedInterval>): TopLevelSpec {
  return intervalPlot({
    name: "goldRewards",
    title: "Gold reward",
    subtitle: "mean over held-out prompts, with 95 % interval",
    rows: rowsOf(rows),
    xTitle: "gold reward (0 to 1)",
    format: ".3f",
    axisFormat: ".2~f",
  });
}

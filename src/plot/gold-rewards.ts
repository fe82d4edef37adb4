import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";
import type { Rows } from "./rows.js";

/** Mean gold rewards of methods' responses, with 95 % intervals. */
export function goldRewards(rows: Rows<NamedInterval>): TopLevelSpec {
  return intervalPlot({
    title: "Gold reward",
    subtitle: "mean over held-out prompts, with 95 % interval",
    rows,
    xTitle: "gold reward (0 to 1)",
    format: ".3f",
    axisFormat: ".2~f",
  });
}

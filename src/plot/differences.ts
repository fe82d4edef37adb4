import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";

/**
 * Differences in gold reward between methods and a baseline, with 95 % intervals; an interval that includes 0 shows no
 * significant difference.
 *
 * @param baseline name of the method that the others are compared with
 * @throws InputError if there are no differences
 * @example differences(result.differencesFrom("DPO"), "DPO")
 */
export function differences(rows: readonly NamedInterval[], baseline: string): TopLevelSpec {
  return intervalPlot({
    name: "differences",
    title: `Gold reward relative to ${baseline}`,
    subtitle: "same seeds and prompts, with 95 % interval",
    rows,
    xTitle: "difference in gold reward",
    format: "+.3f",
    axisFormat: "+.2f",
    reference: { value: 0, label: `equal to ${baseline}` },
  });
}

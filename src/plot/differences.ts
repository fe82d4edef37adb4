import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";

/**
 * How much more gold reward methods have than one of them, with 95 % intervals; an interval that reaches over 0 says
 * that no difference can be seen.
 *
 * @param baseline the name of the method that they are compared with
 * @throws InputError where there is no difference
 * @example differences(result.differencesFrom("DPO"), "DPO")
 */
export function differences(rows: readonly NamedInterval[], baseline: string): TopLevelSpec {
  return intervalPlot({
    name: "differences",
    title: `Gold reward less that of ${baseline}`,
    subtitle: "same seeds and prompts, with 95 % interval",
    rows,
    xTitle: "difference of gold reward",
    format: "+.3f",
    axisFormat: "+.2f",
    reference: { value: 0, label: `as good as ${baseline}` },
  });
}

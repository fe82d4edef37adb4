import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";

/**
 * How much more gold reward methods have than one of them, with 95 % intervals. A star marks what is
 * significant after Holm's correction over the methods drawn; the intervals themselves are not corrected.
 *
 * @param baseline the name of the method that they are compared with
 * @throws InputError where there is no difference
 * @example differences(result.differencesFrom("DPO"), "DPO")
 */
export function differences(rows: readonly (NamedInterval & { readonly significant?: boolean })[], baseline: string): TopLevelSpec {
  return intervalPlot({
    name: "differences",
    title: `Gold reward less that of ${baseline}`,
    subtitle: rows.some(({ significant }) => significant) ? "same seeds and prompts, with 95 % interval; * p < 0.05 after Holm's correction" : "same seeds and prompts, with 95 % interval",
    rows: rows.map((row) => (row.significant ? { ...row, name: `${row.name} *` } : row)),
    xTitle: "difference of gold reward",
    format: "+.3f",
    axisFormat: "+.2f",
    reference: { value: 0, label: `as good as ${baseline}` },
  });
}

import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";

/**
 * Differences in gold reward between methods and a baseline, with 95 % intervals. A star marks a significant difference
 * after Holm's correction over the methods drawn; the intervals themselves are not corrected.
 *
 * @param baseline name of the method that the others are compared with
 * @throws InputError if there are no differences
 * @example differences(result.differencesFrom("DPO"), "DPO")
 */
export function differences(
  rows: readonly (NamedInterval & { readonly significant?: boolean })[],
  baseline: string,
): TopLevelSpec {
  return intervalPlot({
    name: "differences",
    title: `Gold reward relative to ${baseline}`,
    subtitle: rows.some(({ significant }) => significant)
      ? "same seeds and prompts, with 95 % interval; * p < 0.05 after Holm's correction"
      : "same seeds and prompts, with 95 % interval",
    rows: rows.map((row) => (row.significant ? { ...row, name: `${row.name} *` } : row)),
    xTitle: "difference in gold reward",
    format: "+.3f",
    axisFormat: "+.2f",
    reference: { value: 0, label: `equal to ${baseline}` },
  });
}

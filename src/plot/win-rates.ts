import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";
import type { IterationRow, Rows } from "./rows.js";
import { rowsOf } from "./source.js";

/** What is read of the iterations of a run. */
type WinRow = Pick<IterationRow, "iteration" | "winRate" | "winRateInterval">;

/**
 * Win rates against the SFT model (share of held-out prompts, a tie being half), with 95 % intervals.
 *
 * @param source methods or policies by name, or a run, whose iterations are drawn
 * @throws InputError where there is no win rate
 * @example winRates([{ name: "SeRA", mean: 0.78, low: 0.75, high: 0.82 }])
 */
export function winRates(source: Rows<NamedInterval> | { readonly iterations: Rows<WinRow> }): TopLevelSpec {
  return intervalPlot({
    name: "winRates",
    title: "Win rate against the SFT model",
    subtitle: "share of held-out prompts won by gold reward, with 95 % interval",
    rows: "iterations" in source ? rowsOf(source.iterations).flatMap(intervalOf) : rowsOf(source),
    xTitle: "win rate",
    format: ".1%",
    axisFormat: ".0%",
    reference: { value: 0.5, label: "as good as SFT" },
  });
}

/** The SFT model itself is left out: its win rate is one half. */
function intervalOf({ iteration, winRate, winRateInterval }: WinRow): NamedInterval[] {
  if (iteration === 0 || winRate == null || winRateInterval == null) return [];
  return [{ name: `iteration ${iteration}`, mean: winRate, low: winRateInterval[0], high: winRateInterval[1] }];
}

import type { TopLevelSpec } from "vega-lite";
import { intervalPlot } from "./interval-plot.js";
import { judgedIntervals, start, type JudgedSource } from "./judged.js";

/**
 * Win rates against the start model (share of held-out prompts, ties counting half), with 95 % intervals.
 *
 * @param source methods or policies by name; a run, whose iterations are drawn; or runs by name, whose final policies are drawn
 * @throws InputError if there is no win rate
 * @example winRates({ DPO: dpo, SeRA: run })
 */
export function winRates(source: JudgedSource): TopLevelSpec {
  return intervalPlot({
    name: "winRates",
    title: "Win rate against the start",
    subtitle: "share of held-out prompts won by gold reward, with 95 % interval",
    // Omit the start model itself, whose win rate is one half.
    rows: judgedIntervals(source, "winRate").filter(({ name }) => name !== start),
    xTitle: "win rate",
    format: ".1%",
    axisFormat: ".0%",
    reference: { value: 0.5, label: "equal to the start" },
  });
}

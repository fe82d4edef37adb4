import type { TopLevelSpec } from "vega-lite";
import { intervalPlot, type NamedInterval } from "./interval-plot.js";
import type { Rows } from "./rows.js";

/** Win rates against the SFT model (share of held-out prompts, a tie being half), with 95 % intervals. */
export function winRates(rows: Rows<NamedInterval>): TopLevelSpec {
  return intervalPlot({
    title: "Win rate against the SFT model",
    subtitle: "share of held-out prompts won by gold reward, with 95 % interval",
    rows,
    xTitle: "win rate",
    format: ".1%",
    axisFormat: ".0%",
    reference: { value: 0.5, label: "as good as SFT" },
  });
}

import type { TopLevelSpec } from "vega-lite";
import { intervalPlot } from "./interval-plot.js";
import { judgedIntervals, type JudgedSource } from "./judged.js";

/**
 * Mean gold rewards of responses, with 95 % intervals. For the iterations of several runs, use {@link goldByIteration}.
 *
 * @param source methods or policies by name; a run, whose iterations are drawn; or runs by name, whose final policies are drawn
 * @throws InputError if there is no gold reward
 * @example goldRewards({ DPO: dpo, SeRA: run })
 */
export function goldRewards(source: JudgedSource): TopLevelSpec {
  return intervalPlot({
    name: "goldRewards",
    title: "Gold reward",
    subtitle: "mean over held-out prompts, with 95 % interval",
    rows: judgedIntervals(source, "goldReward"),
    xTitle: "gold reward (0 to 1)",
    format: ".3f",
    axisFormat: ".2~f",
  });
}

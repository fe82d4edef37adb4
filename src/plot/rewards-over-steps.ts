import type { TopLevelSpec } from "vega-lite";
import type { Rows, StepRow } from "./rows.js";
import { stepPlot } from "./step-plot.js";

/** Implicit rewards of the chosen and of the rejected responses over the steps of preference training. */
export function rewardsOverSteps(rows: Rows<StepRow>): TopLevelSpec {
  return stepPlot({
    title: "Implicit rewards in training",
    runs: rows,
    phase: "align",
    metrics: { chosen: "rewards/chosen", rejected: "rewards/rejected" },
    yTitle: "reward (β × log-ratio, nats)",
  });
}

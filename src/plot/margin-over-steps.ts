import type { TopLevelSpec } from "vega-lite";
import { stepPlot, type Runs } from "./step-plot.js";

/**
 * Reward margin (chosen less rejected) of the training batches over the steps of preference training.
 *
 * @param runs logged steps of one run, or of several by name
 */
export function marginOverSteps(runs: Runs): TopLevelSpec {
  return stepPlot({
    title: "Reward margin in training",
    runs,
    phase: "align",
    metrics: { "": "rewards/margins" },
    yTitle: "margin (β × log-ratio, nats)",
  });
}

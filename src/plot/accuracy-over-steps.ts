import type { TopLevelSpec } from "vega-lite";
import { stepPlot, type Runs } from "./step-plot.js";

/**
 * Share of training pairs whose chosen response has the greater implicit reward, over the steps of
 * preference training.
 *
 * @param runs logged steps of one run, or of several by name
 */
export function accuracyOverSteps(runs: Runs): TopLevelSpec {
  return stepPlot({
    title: "Accuracy on training pairs",
    runs,
    phase: "align",
    metrics: { "": "rewards/accuracies" },
    yTitle: "share of pairs",
    yFormat: ".0%",
    reference: { value: 0.5, label: "chance" },
  });
}

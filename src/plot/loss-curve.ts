import type { TopLevelSpec } from "vega-lite";
import type { StepRow } from "./rows.js";
import { stepPlot, type Runs } from "./step-plot.js";

/**
 * Training loss over the steps of a phase.
 *
 * @param runs logged steps of one run, or of several by name
 * @param phase SFT and preference training have losses that do not compare, so one is drawn
 */
export function lossCurve(runs: Runs, phase: StepRow["phase"] = "align"): TopLevelSpec {
  return stepPlot({
    title: phase === "sft" ? "SFT: training loss" : "Preference training: loss",
    runs,
    phase,
    metrics: { "": "loss" },
    yTitle: phase === "sft" ? "loss (nats per token)" : "loss (mean over pairs)",
  });
}

import type { TopLevelSpec } from "vega-lite";
import type { StepRow } from "./rows.js";
import type { Sources } from "./source.js";
import { stepPlot } from "./step-plot.js";

/**
 * Training loss over the steps of a phase.
 *
 * @param runs a run or its logged steps, or several by name
 * @param phase the phase to draw; the losses of SFT and preference training are not comparable
 * @throws InputError if the phase has no logged step
 * @example loss({ DPO: dpo, SeRA: sera })
 */
export function loss(runs: Sources<"steps">, phase: StepRow["phase"] = "align"): TopLevelSpec {
  return stepPlot({
    name: "loss",
    title: phase === "sft" ? "SFT: training loss" : "Preference training: loss",
    runs,
    phase,
    metrics: { "": "loss" },
    yTitle: phase === "sft" ? "loss (nats per token)" : "loss (mean over pairs)",
    format: ".3f",
  });
}

/**
 * Share of training pairs whose chosen response has the greater implicit reward, over the steps of
 * preference training.
 *
 * @param runs a run or its logged steps, or several by name
 * @throws InputError if no step has it
 */
export function accuracy(runs: Sources<"steps">): TopLevelSpec {
  return stepPlot({
    name: "accuracy",
    title: "Accuracy on training pairs",
    runs,
    phase: "align",
    metrics: { "": "rewards/accuracies" },
    yTitle: "share of pairs",
    yFormat: ".0%",
    format: ".1%",
    reference: { value: 0.5, label: "chance" },
  });
}

/**
 * Implicit rewards of the chosen and the rejected responses over the steps of preference training.
 *
 * @param runs a run or its logged steps, or up to three by name
 * @throws InputError if no step has the rewards
 */
export function rewards(runs: Sources<"steps">): TopLevelSpec {
  return stepPlot({
    name: "rewards",
    title: "Implicit rewards in training",
    runs,
    phase: "align",
    metrics: { chosen: "rewards/chosen", rejected: "rewards/rejected" },
    yTitle: "reward (β × log-ratio, nats)",
    format: ".3f",
  });
}

/**
 * Reward margin (chosen minus rejected) of the training batches over the steps of preference training.
 *
 * @param runs a run or its logged steps, or several by name
 * @throws InputError if no step has it
 */
export function rewardMargins(runs: Sources<"steps">): TopLevelSpec {
  return stepPlot({
    name: "rewardMargins",
    title: "Reward margin in training",
    runs,
    phase: "align",
    metrics: { "": "rewards/margins" },
    yTitle: "margin (β × log-ratio, nats)",
    format: ".3f",
  });
}

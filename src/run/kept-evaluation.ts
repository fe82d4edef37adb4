import { isBetter, type BestMetric } from "../align/best.js";
import type { LoggedStep } from "./logged-step.js";

/** The evaluation whose parameters a training has kept. */
export interface KeptEvaluation {
  /** The optimizer step after which it was made. */
  readonly step: number;
  readonly metric: BestMetric;
  readonly value: number;
}

/**
 * The evaluation that `keepBestBy` kept, from the steps of a training as they are logged: the best by the metric, of equal
 * ones the earlier; undefined where none was finite, which keeps the parameters of the last step.
 */
export function keptEvaluation(steps: readonly LoggedStep[], metric: BestMetric): KeptEvaluation | undefined {
  let kept: KeptEvaluation | undefined;
  for (const { step, [metric]: value } of steps) {
    if (typeof value === "number" && isBetter(metric, value, kept?.value)) kept = { step, metric, value };
  }
  return kept;
}

import { isBetter, type BestMetric } from "../align/best.js";
import type { LoggedStep } from "./logged-step.js";

/** The evaluation whose parameters `keepBestBy` kept. */
export interface KeptEvaluation {
  /** The optimizer step that it followed. */
  readonly step: number;
  readonly metric: BestMetric;
  readonly value: number;
}

/**
 * Returns the evaluation that `keepBestBy` kept, from a training's logged steps: the best by the metric, and the
 * earliest of equal ones; undefined if none was finite, in which case the last parameters are kept.
 */
export function keptEvaluation(steps: readonly LoggedStep[], metric: BestMetric): KeptEvaluation | undefined {
  let kept: KeptEvaluation | undefined;
  for (const { step, [metric]: value } of steps) {
    if (typeof value === "number" && isBetter(metric, value, kept?.value)) kept = { step, metric, value };
  }
  return kept;
}

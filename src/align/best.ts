import { InputError, quote } from "../base/errors.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Metrics } from "./objective.js";

/** Metrics of an evaluation by which the best parameters can be chosen, and whether lower or higher is better. */
export const bestMetrics = {
  eval_loss: "lowest",
  "eval_rewards/accuracies": "highest",
  "eval_rewards/margins": "highest",
  "eval_rewards/chosen": "highest",
} as const;
export type BestMetric = keyof typeof bestMetrics;

/** The best evaluation so far. */
export interface Best {
  /** Value of the metric. */
  readonly value: number;
  /** The step that it followed. */
  readonly step: number;
  /** Number of evaluations since then. */
  readonly since: number;
  /** The evaluated parameters, including the objective's head under its state names. */
  readonly parameters: Parameters;
}

/**
 * Updates the best evaluation: ties keep the earlier one, and NaN or infinity never wins.
 *
 * @param parameters returns the evaluated parameters
 * @throws InputError if the metric is not among those evaluated
 */
export async function betterOf(
  best: Best | undefined,
  metric: BestMetric,
  evaluated: Metrics,
  step: number,
  parameters: () => Promise<Parameters>,
): Promise<Best | undefined> {
  const value = evaluated[metric];
  if (value === undefined) {
    throw new InputError(
      `keepBestBy: this training does not evaluate ${quote(metric)}; choose one of ${Object.keys(bestMetrics)
        .filter((name) => evaluated[name] !== undefined)
        .join(", ")}`,
    );
  }
  if (isBetter(metric, value, best?.value)) return { value, step, since: 0, parameters: await parameters() };
  return best && { ...best, since: best.since + 1 };
}

/** Returns whether a value of a metric is better than the best so far, if any; NaN and infinity never are. */
export function isBetter(metric: BestMetric, value: number, best: number | undefined): boolean {
  const sign = bestMetrics[metric] === "lowest" ? -1 : 1;
  return Number.isFinite(value) && (best === undefined || sign * value > sign * best);
}

import { InputError, quote } from "../base/errors.js";
import type { Metrics, Objective } from "./objective.js";
import { metricsOf } from "./own-objective.js";

/** Names that training itself uses in a step's record. */
const reserved = new Set(["phase", "iteration", "step", "epoch", "loss", "grad_norm", "learning_rate", "num_tokens"]);

/**
 * Returns the metrics that an objective reports for a step, besides its loss.
 *
 * @throws InputError if it returns something other than numbers, or uses a name of training itself
 */
export function objectiveMetrics<Example>(
  objective: Objective<Example>,
  examples: readonly Example[],
  fetched: Readonly<Record<string, Float64Array>>,
): Metrics {
  const found: unknown = metricsOf(objective, examples, fetched);
  if (typeof found !== "object" || found === null || found instanceof Promise) {
    throw new InputError(
      `the objective ${objective.name}: metrics returned ${found instanceof Promise ? "a promise" : quote(found)}, expected numbers by name`,
    );
  }
  for (const [name, value] of Object.entries(found)) {
    if (reserved.has(name))
      throw new InputError(
        `the objective ${objective.name}: the name ${quote(name)} in its metrics is training's own; choose another`,
      );
    if (typeof value !== "number")
      throw new InputError(
        `the objective ${objective.name}: the metric ${quote(name)} is ${quote(value)}, expected a number`,
      );
  }
  return found as Metrics;
}

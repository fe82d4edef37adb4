import { InputError, quote } from "../base/errors.js";
import { callOwn } from "../base/own-function.js";
import type { BatchSizes, BuiltLoss, Metrics, Objective, ObjectiveBatch } from "./objective.js";

/*
 * Calls of an objective's functions. A custom objective, which has a version, may throw or return anything; the error
 * then names the objective and the function.
 */

/** @throws InputError if a custom objective throws, or does not return a loss */
export function buildLoss<Example>(objective: Objective<Example>, batch: ObjectiveBatch): BuiltLoss {
  const built: unknown = called(objective, "build", () => objective.build(batch));
  const isBuilt = isObject(built) && isObject(built["loss"]) && isObject(built["perExample"]);
  if (!isBuilt)
    throw new InputError(
      `the objective ${quote(objective.name)}: its build returned ${isObject(built) ? `an object of ${quote(Object.keys(built))}` : quote(built)}, expected { loss, perExample }`,
    );
  return built as unknown as BuiltLoss;
}

/** @throws InputError if a custom objective throws, or its token weights are not finite or not one per token */
export function feedBatch<Example>(
  objective: Objective<Example>,
  examples: readonly Example[],
  sizes: BatchSizes<Example>,
): ReturnType<Objective<Example>["feed"]> {
  const found = called(objective, "feed", () => objective.feed(examples, sizes));
  if (objective.version === undefined) return found;
  const fail = (what: string): never => {
    throw new InputError(`the objective ${quote(objective.name)}: its feed returned ${what}`);
  };
  const { tokenWeight, feeds } = isObject(found) ? found : fail(`${quote(found)}, expected { tokenWeight, feeds }`);
  if (typeof tokenWeight !== "number" && !(tokenWeight instanceof Float32Array))
    fail(`tokenWeight ${quote(tokenWeight)}, expected a number or a Float32Array`);
  const weights = typeof tokenWeight === "number" ? [tokenWeight] : tokenWeight;
  if (typeof tokenWeight !== "number" && tokenWeight.length !== sizes.tokens)
    fail(`${tokenWeight.length} weights in tokenWeight for ${sizes.tokens} tokens`);
  const bad = weights.find((weight) => !Number.isFinite(weight));
  if (bad !== undefined) fail(`the weight ${bad} in tokenWeight, expected finite numbers`);
  if (!isObject(feeds)) fail(`feeds ${quote(feeds)}, expected inputs by their names`);
  return found;
}

/** @throws InputError if a custom objective throws */
export function metricsOf<Example>(
  objective: Objective<Example>,
  examples: readonly Example[],
  fetched: Readonly<Record<string, Float64Array>>,
): Metrics {
  return called(objective, "metrics", () => objective.metrics(examples, fetched));
}

function called<T>({ name, version }: Pick<Objective<never>, "name" | "version">, method: string, call: () => T): T {
  return version === undefined ? call() : callPart(`the objective ${quote(name)}: its ${method}`, call);
}

/** Calls a function of a custom part; the library's own errors in it are passed through. */
export function callPart<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof InputError) throw error;
    return callOwn(what, () => {
      throw error;
    });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

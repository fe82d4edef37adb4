import { elementBytes, sizeOf } from "../../graph/tensor.js";
import { topologicalOrder, type Value } from "../../graph/value.js";
import type { Program } from "../engine.js";

/** onnxruntime accepts at most 2 GB of data outside a model, and a session stores it in addition to the state. */
const mostBytes = 2 ** 30;

/** The names of the state that the program does not update; empty if it is too large to be part of a model. */
export function frozenState({ outputs, updates }: Program): ReadonlySet<string> {
  const frozen = topologicalOrder([...Object.values(outputs), ...updates.values()]).filter(
    (value): value is Value<"state"> => value.op === "state" && !updates.has((value as Value<"state">).attributes.name),
  );
  const bytes = frozen.reduce((sum, { dtype, shape }) => sum + elementBytes[dtype] * sizeOf(shape), 0);
  return new Set(bytes > mostBytes ? [] : frozen.map(({ attributes }) => attributes.name));
}

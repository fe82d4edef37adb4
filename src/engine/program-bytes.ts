import type { OpName } from "../graph/attributes.js";
import { blockSize } from "../graph/quantized-blocks.js";
import { elementBytes, sizeOf } from "../graph/tensor.js";
import { topologicalOrder, type Value } from "../graph/value.js";
import type { Program } from "./engine.js";

/** Ops whose result shares their first input's memory. */
const views = new Set<OpName>(["reshape", "stopGradient", "recomputed"]);

/**
 * Estimates a program's memory besides its state: the results that depend only on constants, which stay, and the peak of all
 * other results if each is computed in graph order and freed after its last use.
 */
export function programBytes({ outputs, updates }: Program): number {
  const results = [...Object.values(outputs), ...updates.values()];
  const values = topologicalOrder(results);
  const constants = constantsIn(values);
  const owners = ownersOf(values);
  const owns = (value: Value) => owners.get(value) === value && value.op !== "state";

  const lastReader = new Map<Value, Value>();
  for (const value of values) for (const input of value.inputs) lastReader.set(owners.get(input)!, value);
  for (const result of results) lastReader.delete(owners.get(result)!);
  const read = new Set(values.filter((value) => !constants.has(value)).flatMap(({ inputs }) => inputs));
  const freed = new Map<Value, number>();
  let [live, most, folded] = [0, 0, 0];
  for (const value of values) {
    if (!owns(value)) continue;
    const reader = lastReader.get(value);
    // An engine that computes constant expressions once keeps only those that other ops read.
    if (constants.has(value)) folded += read.has(value) ? bytesOf(value) : 0;
    else if (reader) freed.set(reader, (freed.get(reader) ?? 0) + bytesOf(value));
  }
  for (const value of values) {
    if (owns(value) && !constants.has(value)) live += bytesOf(value);
    most = Math.max(most, live + workspaceOf(value));
    live -= freed.get(value) ?? 0;
  }
  return most + folded;
}

function bytesOf({ dtype, shape }: Value): number {
  return sizeOf(shape) * elementBytes[dtype];
}

/** Additional memory of an op during its computation: a quantised weight in float32, and half-bytes unpacked to bytes. */
function workspaceOf({ op, inputs, attributes }: Value): number {
  if (op !== "matmulQuantized" && op !== "dequantize") return 0;
  const { bits } = attributes as Value<"dequantize">["attributes"];
  const numbers = blockSize * sizeOf(inputs.at(-1)!.shape);
  return (op === "dequantize" ? 0 : 4 * numbers) + (bits === 4 ? 2 * numbers : 0);
}

/** The values that depend on no leaves except constants. */
function constantsIn(values: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>();
  for (const value of values) {
    if (value.op === "constant" || (value.inputs.length > 0 && value.inputs.every((input) => found.has(input))))
      found.add(value);
  }
  return found;
}

/** The value that owns the memory of each value. */
function ownersOf(values: readonly Value[]): ReadonlyMap<Value, Value> {
  const owners = new Map<Value, Value>();
  for (const value of values) owners.set(value, isView(value) ? owners.get(value.inputs[0]!)! : value);
  return owners;
}

const isView = ({ op, inputs }: Value) => views.has(op) || (op === "checkpoint" && inputs.length === 1);

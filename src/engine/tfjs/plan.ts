import type { Attributes, OpName } from "../../graph/attributes.js";
import type { DType, Shape } from "../../graph/tensor.js";
import { topologicalOrder, type Value } from "../../graph/value.js";
import type { Program } from "../engine.js";

/** A program as a list of ops that can be sent to another thread and run in sequence. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
  /** The nodes whose results a run returns, by name. */
  readonly outputs: readonly (readonly [name: string, node: number])[];
  /** The nodes whose results update the state, by name. */
  readonly updates: readonly (readonly [name: string, node: number])[];
}

/** One op. */
export interface PlanNode<K extends OpName = OpName> {
  readonly op: K;
  readonly inputs: readonly Operand[];
  readonly attributes: Attributes[K];
  readonly dtype: DType;
  readonly shape: Shape;
  /** Nodes whose results are not read after this op. */
  readonly frees: readonly number[];
}

/** An op's operand: the result of an earlier node. */
export interface Operand {
  readonly node: number;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether it is a state tensor that the program does not update, for example a frozen weight. */
  readonly frozen: boolean;
}

/** Lists a program's ops in a valid execution order. */
export function planOf({ outputs, updates }: Program): Plan {
  const results = [...Object.values(outputs), ...updates.values()];
  const values = topologicalOrder(results);
  const places = new Map(values.map((value, place) => [value, place]));
  const place = (value: Value) => places.get(value)!;
  const frees = lastReads(values, new Set(results), place);
  const isFrozen = (value: Value) => value.op === "state" && !updates.has((value as Value<"state">).attributes.name);
  return {
    nodes: values.map(({ op, inputs, attributes, dtype, shape }, i) => ({
      op,
      inputs: inputs.map((input) => ({
        node: place(input),
        dtype: input.dtype,
        shape: input.shape,
        frozen: isFrozen(input),
      })),
      attributes,
      dtype,
      shape,
      frees: frees[i]!,
    })),
    outputs: Object.entries(outputs).map(([name, value]) => [name, place(value)]),
    updates: [...updates].map(([name, value]) => [name, place(value)]),
  };
}

/** For each value, in order, the indices of the values it is the last to read; results are read at the very end. */
function lastReads(values: readonly Value[], results: ReadonlySet<Value>, place: (value: Value) => number): number[][] {
  const last = new Map<Value, number>();
  values.forEach(({ inputs }, i) => inputs.forEach((input) => last.set(input, i)));
  const frees: number[][] = values.map(() => []);
  for (const [value, reader] of last) if (!results.has(value)) frees[reader]!.push(place(value));
  return frees;
}

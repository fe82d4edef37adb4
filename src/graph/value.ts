import { createHash } from "node:crypto";
import type { Attributes, OpName } from "./attributes.js";
import { definitions } from "./ops/index.js";
import { sizeOf, type DType, type Shape, type Tensor } from "./tensor.js";

/** One result of one op in a tensor program. Values are immutable and never repeated within a graph. */
export interface Value<K extends OpName = OpName> {
  readonly graph: Graph;
  /** Position in the order of creation: a value's inputs always have smaller ids. */
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes[K];
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An op's result type and shape, inferred by its shape rule. */
export interface Inferred {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * The table of a program's values. Requesting the same op on the same inputs again returns the same value (hash-consing), so
 * common subexpressions are computed once.
 */
export class Graph {
  private readonly values = new Map<string, Value>();

  /**
   * Returns the value of `op` on `inputs`.
   *
   * @throws Error naming the op and its inputs' shapes if they do not fit
   */
  value<K extends OpName>(op: K, inputs: readonly Value[], attributes: Attributes[K]): Value<K> {
    if (inputs.some((input) => input.graph !== this)) throw new Error(`${op}: an input belongs to another graph`);
    const key = `${op}(${inputs.map((input) => input.id)})${describeAttributes(attributes)}`;
    const known = this.values.get(key);
    if (known) return known as Value<K>;
    const { dtype, shape } = infer(op, inputs, attributes);
    const value: Value<K> = { graph: this, id: this.values.size, op, inputs, attributes, dtype, shape };
    this.values.set(key, value as Value);
    return value;
  }

  /** A tensor that the caller feeds at every run. */
  input(name: string, dtype: DType, shape: Shape): Value<"input"> {
    return this.value("input", [], { name, dtype, shape });
  }

  /** A tensor that stays in the engine between runs (a parameter, an optimizer moment, a cache). */
  state(name: string, dtype: DType, shape: Shape): Value<"state"> {
    return this.value("state", [], { name, dtype, shape });
  }

  /** Numbers known when the graph is built. */
  constant(value: number | Tensor): Value<"constant"> {
    const tensor: Tensor =
      typeof value === "number" ? { dtype: "float32", shape: [], data: Float32Array.of(value) } : value;
    return this.value("constant", [], { tensor });
  }

  /** `value` repeated over a shape. */
  full(shape: Shape, value: number): Value {
    return this.value("broadcast", [this.constant(value)], { shape });
  }
}

function infer<K extends OpName>(op: K, inputs: readonly Value[], attributes: Attributes[K]): Inferred {
  try {
    return definitions[op].infer(inputs, attributes);
  } catch (error) {
    const shapes = inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(", ");
    throw new Error(`${op}(${shapes}): ${(error as Error).message}`, { cause: error });
  }
}

/** A string that identifies attributes; long constants are represented by their SHA-256. */
export function describeAttributes(attributes: Attributes[OpName]): string {
  if (!("tensor" in attributes)) return JSON.stringify(attributes);
  const { dtype, shape, data } = attributes.tensor;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const content = sizeOf(shape) === 1 ? data.join() : createHash("sha256").update(bytes).digest("hex");
  return `${dtype}[${shape}]${Object.is(data[0], -0) ? "-" : ""}${content}`;
}

/**
 * All values that `outputs` depend on, inputs before the values that use them.
 *
 * @param ends values whose inputs are omitted, unless other values depend on them. Default: none
 */
export function topologicalOrder(outputs: Iterable<Value>, ends: ReadonlySet<Value> = new Set()): Value[] {
  const seen = new Set<Value>();
  const open = [...outputs];
  for (let value = open.pop(); value; value = open.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (!ends.has(value)) open.push(...value.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

import { Random } from "../../../src/base/random.js";
import { add, cast, mul, sum } from "../../../src/graph/build.js";
import { sizeOf, tensor, type DType, type Shape } from "../../../src/graph/tensor.js";
import { Graph, type Value } from "../../../src/graph/value.js";

/** An op on inputs of given shapes and contents, to check its gradients and its values on each engine. */
export interface Case {
  readonly title: string;
  readonly inputs: readonly Given[];
  /** The value to check, from one leaf for each of `inputs`. */
  readonly build: (...inputs: Value[]) => Value;
}

/** A leaf and how its contents are drawn. */
export interface Given {
  readonly leaf: "input" | "state";
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether the gradient with respect to it is checked. */
  readonly differentiated: boolean;
  /** Element `i`; floats are rounded to float32 later, so that every engine sees the same numbers. */
  readonly element: (random: Random, i: number) => number;
}

/** A case with its graph and with contents for its leaves, named `x0`, `x1`, …. */
export interface BuiltCase {
  readonly leaves: readonly Value<"input" | "state">[];
  readonly differentiated: readonly Value<"input" | "state">[];
  readonly output: Value;
  readonly feeds: Record<string, number[]>;
}

/** Builds the graph of a case; the contents depend only on its title. */
export function buildCase({ title, inputs, build }: Case): BuiltCase {
  const graph = new Graph();
  const leaves = inputs.map(({ leaf, dtype, shape }, i) => graph[leaf](`x${i}`, dtype, shape));
  const feeds = inputs.map(({ shape, element }, i) => {
    const random = Random.seeded(0).fork(title, i);
    return [`x${i}`, Array.from({ length: sizeOf(shape) }, (_, at) => Math.fround(element(random, at)))] as const;
  });
  const differentiated = leaves.filter((_, i) => inputs[i]!.differentiated);
  return { leaves, differentiated, output: build(...leaves), feeds: Object.fromEntries(feeds) };
}

/** A scalar that depends on every element of the values, each with its own weight, which depends on the label. */
export function weighted(values: readonly Value[], label: string): Value {
  const { graph } = values[0]!;
  const terms = values.map((value, i) => {
    const random = Random.seeded(1).fork(label, i);
    const weights = Float32Array.from({ length: sizeOf(value.shape) }, () => random.normal());
    return sum(mul(cast(value, "float32"), graph.constant(tensor(value.shape, weights))));
  });
  return terms.reduce((total, term) => add(total, term), graph.constant(0));
}

function floats(shape: Shape, element: Given["element"]): Given {
  return { leaf: "input", dtype: "float32", shape, differentiated: true, element };
}

/** Standard normal numbers. */
export const normal = (...shape: number[]): Given => floats(shape, (random) => random.normal());
/** Numbers between 0.5 and 2. */
export const positive = (...shape: number[]): Given => floats(shape, (random) => 0.5 + 1.5 * random.uniform());
/** These numbers. */
export const numbers = (shape: Shape, data: readonly number[]): Given => floats(shape, (_, i) => data[i]!);

/** These int32. */
export const integers = (shape: Shape, data: readonly number[]): Given => ({
  ...held(numbers(shape, data)),
  dtype: "int32",
});
/** False and true, as 0 and 1. */
export const bits = (shape: Shape, data: readonly number[]): Given => ({
  ...held(numbers(shape, data)),
  dtype: "bool",
});

/** Not differentiated: the op treats this input as a constant. */
export const held = (given: Given): Given => ({ ...given, differentiated: false });
/** Fed as a state leaf. */
export const kept = (given: Given): Given => ({ ...given, leaf: "state" });

import type { Value } from "../../graph/value.js";
import { bytes, type Emitter } from "./emitter.js";

/**
 * Returns x from a node that onnxruntime cannot run before `after` is known, and cannot replace by x itself: it would then share
 * what is computed from the two. Both branches are x, so the values of `after` do not matter.
 *
 * @param values those that `after` names
 */
export function onceKnown(emit: Emitter, x: string, after: readonly string[], values: readonly Value[]): string {
  const zero = emit.constant("float32", [], bytes(Float32Array.of(0)));
  const elements = after.map((name, i) => {
    const axes = values[i]!.shape.map((_, axis) => axis);
    const list = (number: number) => emit.int64(axes.map(() => number));
    const one = axes.length === 0 ? name : emit.node("Slice", [name, list(0), list(1), emit.int64(axes)]);
    return emit.node("Reshape", [one, emit.int64([1])]);
  });
  const all = emit.node("Concat", elements, { axis: { int: 0 } });
  const sum = emit.node("ReduceSum", [all, emit.int64([0])], { keepdims: { int: 0 } });
  return emit.node("Where", [emit.node("Less", [sum, zero]), x, x]);
}

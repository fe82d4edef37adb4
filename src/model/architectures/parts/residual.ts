import { add, checkpoint, type Value } from "../../../graph/index.js";

/** Attention or feed-forward, including its norm: computes what is added to the hidden states [rows, hidden] that it reads. */
export type Branch = (x: Value) => Value;

/*
 * How the two branches of a layer are added to the residual stream. When activations are recomputed for the gradient, only a
 * layer's input is kept.
 */

/** The feed-forward reads the sum of the input and attention. */
export function sequentialResidual(x: Value, attention: Branch, feedForward: Branch): Value {
  const read = checkpoint(x);
  const attended = add(read, attention(read));
  return add(attended, feedForward(attended));
}

/** Attention and feed-forward read the same input. */
export function parallelResidual(x: Value, attention: Branch, feedForward: Branch): Value {
  const read = checkpoint(x);
  return add(add(read, attention(read)), feedForward(read));
}

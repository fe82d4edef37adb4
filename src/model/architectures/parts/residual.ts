import { add, checkpoint, type Value } from "../../../graph/index.js";

/** Half a layer, its norm included: what it adds to the hidden states [rows, hidden] that it reads. */
export type Branch = (x: Value) => Value;

/*
 * How the halves of a layer are put on the residual stream. What the layer reads is all that is kept of it where the rest
 * is computed again for the gradient.
 */

/** The feed-forward reads what attention has been added to. */
export function sequentialResidual(x: Value, attention: Branch, feedForward: Branch): Value {
  const read = checkpoint(x);
  const attended = add(read, attention(read));
  return add(attended, feedForward(attended));
}

/** Attention and feed-forward read the same. */
export function parallelResidual(x: Value, attention: Branch, feedForward: Branch): Value {
  const read = checkpoint(x);
  return add(add(read, attention(read)), feedForward(read));
}

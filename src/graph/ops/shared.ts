import { sum, reshape } from "../build.js";
import type { DType, Shape } from "../tensor.js";
import type { Value } from "../value.js";

/* Shared by the ops' definitions: checks for their shape rules, and the gradient of broadcasting. */

/** Throws `message` unless the condition holds; the graph adds the op and the shapes. */
export function need(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Throws unless a value has one of these types. */
export function needType(value: Value, ...dtypes: readonly DType[]): void {
  need(dtypes.includes(value.dtype), `needs ${dtypes.join(" or ")}, got ${value.dtype}`);
}

/** Throws unless every size is known: a whole number, not negative. */
export function needShape(shape: Shape): void {
  need(
    shape.every((size) => Number.isInteger(size) && size >= 0),
    `[${shape}] is not a shape`,
  );
}

/** The gradient of broadcasting: sums `dy` back to `shape`. */
export function unbroadcast(dy: Value, shape: Shape): Value {
  const added = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((size, i) => (i < added || (shape[i - added] === 1 && size !== 1) ? [i] : []));
  return reshape(sum(dy, axes), shape);
}

import { sum, reshape } from "./build.js";
import type { DType, Shape } from "./tensor.js";
import type { Value } from "./value.js";

/** Throws `message` unless the condition holds; the graph adds the op and the shapes. */
export function need(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Throws unless a value has one of these types. */
export function needType(value: Value, ...dtypes: readonly DType[]): void {
  need(dtypes.includes(value.dtype), `needs ${dtypes.join(" or ")}, got ${value.dtype}`);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The shape that two shapes fill together under numpy's rules. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    need(x === y || x === 1 || y === 1, "shapes do not broadcast");
    return x === 1 ? y : x;
  });
}

/** The gradient of broadcasting: sums `dy` back to `shape`. */
export function unbroadcast(dy: Value, shape: Shape): Value {
  const added = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((size, i) => (i < added || (shape[i - added] === 1 && size !== 1) ? [i] : []));
  return reshape(sum(dy, axes), shape);
}

/**
 * Element types of the graph. `int32` holds token ids and indices, `bool` the outcome of comparisons, `uint8` the packed
 * numbers of quantised weights.
 */
export type DType = "float32" | "int32" | "bool" | "uint8";

/** Sizes of the axes, outermost first; `[]` is a scalar. Every size is known when the graph is built. */
export type Shape = readonly number[];

/** The array that holds elements of each type (`bool` as bytes 0 and 1). */
export interface ArrayOf {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
  uint8: Uint8Array;
}

/** Bytes of an element of each type. */
export const elementBytes: Readonly<Record<DType, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1 };

/** Numbers in row-major order with a shape. */
export interface Tensor<T extends DType = DType> {
  readonly dtype: T;
  readonly shape: Shape;
  readonly data: ArrayOf[T];
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** A float32 tensor over `data`, which is not copied. */
export function tensor(shape: Shape, data: Float32Array): Tensor<"float32"> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`a tensor of shape [${shape}] has ${sizeOf(shape)} elements, got ${data.length}`);
  }
  return { dtype: "float32", shape, data };
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Whether two shapes have the same rank and agree in every axis except one. */
export function sameBeside(axis: number, a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => i === axis || size === b[i]);
}

/**
 * The shape to which two shapes broadcast under numpy's rules.
 *
 * @throws RangeError if they do not broadcast
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

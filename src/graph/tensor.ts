/** Element types of the graph. `int32` holds token ids and indices, `bool` the outcome of comparisons. */
export type DType = "float32" | "int32" | "bool";

/** Sizes of the axes, outermost first; `[]` is a scalar. Every size is known when the graph is built. */
export type Shape = readonly number[];

/** The array that holds elements of each type (`bool` as bytes 0 and 1). */
export interface ArrayOf {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

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

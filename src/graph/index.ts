/**
 * Graphs of tensor operations, and their gradients.
 *
 * @module sera-lab/graph
 */

export type { Attributes, OpName } from "./attributes.js";
export * from "./build.js";
export { gradients } from "./gradient.js";
export { blockBytes, blockSize, zeroPoint, type BlockBits } from "./quantized-blocks.js";
export { elementBytes, sizeOf, tensor, type ArrayOf, type DType, type Shape, type Tensor } from "./tensor.js";
export { Graph, topologicalOrder, type Value } from "./value.js";

import type { BlockBits } from "./quantized-blocks.js";
import type { DType, Shape, Tensor } from "./tensor.js";

/** No attributes. */
export type None = Readonly<Record<string, never>>;

/** Every primitive op of the graph with its attributes. */
export interface Attributes {
  // Leaves.
  input: { readonly name: string; readonly dtype: DType; readonly shape: Shape };
  state: { readonly name: string; readonly dtype: DType; readonly shape: Shape };
  constant: { readonly tensor: Tensor };

  // Element by element.
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  sigmoid: None;
  softplus: None;
  silu: None;
  erf: None;
  add: None;
  sub: None;
  mul: None;
  div: None;
  maximum: None;
  less: None;
  where: None;
  cast: { readonly dtype: DType };
  stopGradient: None;
  checkpoint: None;
  recomputed: None;

  // Contractions.
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly scale: number };
  matmulQuantized: { readonly bits: BlockBits };
  sum: { readonly axes: readonly number[]; readonly keepDims: boolean };

  // Rearrangements of the same numbers.
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  concat: { readonly axis: number };

  // Dequantisation.
  dequantize: { readonly bits: BlockBits };

  // By index.
  gather: None;
  gatherElements: { readonly axis: number };
  scatterAdd: { readonly axis: number };
  readAt: None;
  writeAt: None;

  // Over the last axis; fused because every transformer needs them and engines provide them.
  softmax: None;
  logSoftmax: None;
  logSoftmaxAt: None;
  rmsNorm: { readonly epsilon: number };
  layerNorm: { readonly epsilon: number };
  rotary: None;
}

export type OpName = keyof Attributes;

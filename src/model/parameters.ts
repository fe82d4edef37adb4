import type { Tensor } from "../graph/tensor.js";

/** The parameters of a model under their Hugging Face names, in the order of the layers. */
export type Parameters = ReadonlyMap<string, Tensor<"float32">>;

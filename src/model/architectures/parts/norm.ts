import { add, layerNorm as layerNormBy, rmsNorm as rmsNormBy, type Value } from "../../../graph/index.js";
import type { ModelConfig } from "../../config.js";
import type { Network } from "../network.js";

/** LayerNorm by its module's name (Ba et al. 2016, arXiv 1607.06450). */
export function layerNorm(network: Network, x: Value, module: string, { normEpsilon }: ModelConfig): Value {
  return layerNormBy(x, network.weight(`${module}.weight`), network.weight(`${module}.bias`), normEpsilon);
}

/** RMSNorm by its module's name (Zhang and Sennrich 2019, arXiv 1910.07467). */
export function rmsNorm(network: Network, x: Value, module: string, { normEpsilon }: ModelConfig): Value {
  return rmsNormBy(x, network.weight(`${module}.weight`), normEpsilon);
}

/** RMSNorm whose weights are stored minus 1, as in Gemma. */
export function centredRmsNorm(network: Network, x: Value, module: string, { normEpsilon }: ModelConfig): Value {
  return rmsNormBy(x, add(network.weight(`${module}.weight`), 1), normEpsilon);
}

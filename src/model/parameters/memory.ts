import { sizeOf } from "../../graph/tensor.js";
import type { ModelConfig } from "../config.js";
import { loraShapes } from "./lora/lora.js";
import { heldParameterBytes } from "./quantization/quantized-weights.js";

/** Bytes of a model's parameters as stored, including an adapter's. */
export function parameterBytes(config: ModelConfig): number {
  const adapter = config.adapter ? [...loraShapes(config, config.adapter).values()] : [];
  return heldParameterBytes(config) + 4 * adapter.reduce((sum, shape) => sum + sizeOf(shape), 0);
}

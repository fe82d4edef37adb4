import { sizeOf } from "../../graph/tensor.js";
import type { ModelConfig } from "../config.js";
import { loraShapes } from "./lora/lora.js";
import { heldParameterBytes } from "./quantization/quantized-weights.js";

/** What a process takes before it holds a model: Node, the engine's library, the data's tokens. */
const processBytes = 300e6;

/** Bytes of a model's parameters as they are held, an adapter's among them. */
export function parameterBytes(config: ModelConfig): number {
  const adapter = config.adapter ? [...loraShapes(config, config.adapter).values()] : [];
  return heldParameterBytes(config) + 4 * adapter.reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/** What is held beside programs, in bytes: the process, and its state. */
export function heldMemory(state: number): number {
  return processBytes + state;
}

/**
 * What is left of the memory for programs.
 *
 * @param memory bytes in all
 * @param state bytes of what is held beside them
 */
export function programMemory(memory: number, state: number): number {
  return Math.max(0, memory - heldMemory(state));
}

/** An estimate of a program's memory with what engines take beyond it: pieces that do not fit where others were, panels of matrices. */
export function withMargin(bytes: number): number {
  return Math.ceil(1.25 * bytes);
}

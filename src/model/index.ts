/**
 * Policies, checkpoints, tokenizers, log-probabilities and decoding.
 *
 * @module sera-lab/model
 */

export type { AdapterConfig } from "./checkpoint/adapters/adapter-config.js";
export { readAdapter, writeAdapter, type AdapterFile } from "./checkpoint/adapters/adapter-files.js";
export type { TokenSequence } from "./scoring/batch.js";
export type { Message } from "./tokenizer/chat/chat.js";
export {
  loadCheckpoint,
  openCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type OpenCheckpoint,
} from "./checkpoint/checkpoint.js";
export type { LoraConfig, ModelConfig } from "./config.js";
export {
  generate,
  generateTokens,
  responseName,
  type GeneratedToken,
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
} from "./generation/generate.js";
export { amplifiedLogits, type AmplificationOptions } from "./generation/linear-alignment.js";
export type { CombineLogits, LogitGuidance } from "./generation/guidance.js";
export { loadTokenizer } from "./tokenizer/load-tokenizer.js";
export { sumByResponse } from "./scoring/log-probs.js";
export { allLinear, initialLora, loraLayers, mergeLora, unmergeLora } from "./parameters/lora/lora.js";
export { initialParameters, linearLayers, parameterCount, type Parameters } from "./parameters/parameters.js";
export { loadAdapter, loadPolicy, savePolicy } from "./policy/policy-files.js";
export { Policy } from "./policy/policy.js";
export { presets, type PresetName } from "./presets.js";
export { responseLogProbs, responseTokenLogProbs } from "./scoring/score.js";
export { stream, type TextPiece } from "./generation/stream.js";
export type { TensorSource } from "./checkpoint/tensor-source.js";
export type { Tokenizer } from "./tokenizer/tokenizer.js";
export { trainTokenizer } from "./tokenizer/train-tokenizer.js";
export type { WeightOptions } from "./checkpoint/write-weights.js";

/*
 * What a cell imports. Each arrow of the pipeline is one function:
 * pairs → tokenizePairs → (Training, trainInFolder) → pairRewards → margins → selectTop → sampleResponses →
 * labelSamples → formPairs → and around again: sera.
 */
export * from "./align/losses/index.js";
export { preference, type ReferencedPair } from "./align/preference.js";
export { RunFolder } from "./align/run-folder.js";
export { schedules, type Schedule } from "./align/schedule.js";
export { supervised } from "./align/sft.js";
export { trainInFolder, type Phase } from "./align/train-in-folder.js";
export { DivergenceError, Training, type StepRecord, type TrainingOptions, type TrainingPosition } from "./align/training.js";
export { InputError } from "./base/errors.js";
export { Random } from "./base/random.js";
export type { Figures, Reporter, Work } from "./base/work.js";
export * from "./bootstrap/index.js";
export * from "./cells/index.js";
export * from "./data/index.js";
export { OnnxEngine, type OnnxEngineOptions, type Provider } from "./engine/onnx/engine.js";
export * as graph from "./graph/index.js";
export { ProgramCache } from "./engine/program-cache.js";
export type { Engine, Executable, Program, State } from "./engine/engine.js";
export { evaluate, type HeldOut, type JudgedResponse } from "./judge/evaluate.js";
export { evaluateInFolder } from "./judge/evaluate-in-folder.js";
export type { TokenSequence } from "./model/batch.js";
export type { Message } from "./model/chat.js";
export { readAdapter, writeAdapter, type AdapterFile } from "./model/adapter-files.js";
export type { AdapterConfig } from "./model/adapter-config.js";
export { loadCheckpoint, openCheckpoint, saveCheckpoint, type Checkpoint, type OpenCheckpoint } from "./model/checkpoint.js";
export type { LoraConfig, ModelConfig } from "./model/config.js";
export { generate, generateTokens, type GenerationOptions, type Writing, type WritingRequest, type WrittenToken } from "./model/generate.js";
export { allLinear, initialLora, loraLayers, mergeLora, unmergeLora } from "./model/lora.js";
export { loadTokenizer } from "./model/load-tokenizer.js";
export { initialParameters, linearLayers, parameterCount, type Parameters } from "./model/parameters.js";
export { Policy } from "./model/policy.js";
export { loadAdapter, loadPolicy, savePolicy } from "./model/policy-files.js";
export { presets, type PresetName } from "./model/presets.js";
export { responseLogProbs } from "./model/score.js";
export { stream, type TextPiece } from "./model/stream.js";
export type { Tokenizer } from "./model/tokenizer.js";
export { trainTokenizer } from "./model/train-tokenizer.js";
export type { TensorSource } from "./model/tensor-source.js";
export type { WeightOptions } from "./model/write-weights.js";
export * from "./notebook/index.js";
export * as plot from "./plot/index.js";
export * from "./review/index.js";
export * as methods from "./methods/index.js";
export type { Recipe, RecipeOptions, SelfImprovingOptions } from "./methods/index.js";
export { runMethod, type Method } from "./run/method.js";
export { checkMethodOptions, defaultFlatMethod, defaultMethod, type FlatMethodOptions, type MethodOptions } from "./run/options.js";
export { Stages, type MadePair, type OfflinePair, type RunInput, type TrainingPair, type Watch } from "./run/stages.js";
export type { Evaluation, IterationSummary, RunSummary } from "./run/summary.js";
export { selfImprove, seraMethod } from "./sera.js";
export { checkSeraOptions, defaultFlatSera, defaultSera, seraOptions, type FlatSeraOptions, type SeraOptions } from "./sera-options.js";
export { bootstrapInterval, type Interval } from "./stats/interval.js";

/*
 * What a cell imports. Each arrow of the pipeline is one function:
 * pairs → tokenizePairs → (Trainer, trainInFolder) → pairRewards → margins → selectTop → sampleResponses →
 * labelSamples → formPairs → and around again: sera.
 */
export * from "./align/losses/index.js";
export { bestMetrics, type BestMetric } from "./align/best.js";
export type { ReferenceUpdate } from "./align/moving-reference.js";
export { preference, type ReferencedPair } from "./align/preference.js";
export { RunFolder } from "./align/run-folder.js";
export { schedules, type Schedule } from "./align/schedule.js";
export { supervised } from "./align/sft.js";
export { trainInFolder, type Phase } from "./align/train-in-folder.js";
export { DivergenceError, Trainer, type StepRecord, type TrainerInputs, type TrainingOptions, type TrainerState } from "./align/trainer.js";
export { InputError } from "./base/errors.js";
export { Random } from "./base/random.js";
export type { Figures, Reporter, TaskOptions } from "./base/task.js";
export * from "./bootstrap/index.js";
export * from "./cells/index.js";
export * from "./data/index.js";
export { createEngine, type EngineName, type EngineOptions } from "./engine/create-engine.js";
export { OnnxEngine, type OnnxEngineOptions } from "./engine/onnx/engine.js";
export type { Provider, ProviderChoice } from "./engine/onnx/providers.js";
export type { BackendName } from "./engine/tfjs/backend-names.js";
export { TfjsEngine, type TfjsEngineOptions } from "./engine/tfjs/engine.js";
export * as graph from "./graph/index.js";
export { ProgramCache } from "./engine/program-cache.js";
export type { Engine, Executable, Program, State } from "./engine/engine.js";
export { evaluate, type HeldOut, type JudgedResponse } from "./judge/evaluate.js";
export { evaluateInFolder } from "./judge/evaluate-in-folder.js";
export { goldJudge } from "./judge/gold-judge.js";
export { compareAll, gradeAll } from "./judge/judge-all.js";
export type { Answer, Choice, Estimate, Grade, Judge, Questions, ResponsePair, Spending, Verdict } from "./judge/judge.js";
export { llmJudge } from "./judge/llm/llm-judge.js";
export type { JudgeModel } from "./judge/llm/provider.js";
export type { LlmJudgeOptions } from "./judge/llm/settings.js";
export { loadAnswers } from "./judge/load-answers.js";
export { pairAnswers, type NamedAnswer } from "./judge/pair-answers.js";
export { winRateOf, type Compared, type WinRate } from "./judge/win-rate.js";
export type { TokenSequence } from "./model/batch.js";
export type { Message } from "./model/chat.js";
export { readAdapter, writeAdapter, type AdapterFile } from "./model/adapter-files.js";
export type { AdapterConfig } from "./model/adapter-config.js";
export { loadCheckpoint, openCheckpoint, saveCheckpoint, type Checkpoint, type OpenCheckpoint } from "./model/checkpoint.js";
export type { LoraConfig, ModelConfig } from "./model/config.js";
export { generate, generateTokens, type GenerationOptions, type Generation, type GenerationRequest, type GeneratedToken } from "./model/generate.js";
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
export { defineMethod, type MethodDefinition } from "./methods/define-method.js";
export type { Recipe } from "./methods/recipe.js";
export { runMethod, type Method } from "./run/method.js";
export type {
  IterativeDpoOptions,
  LabelContext,
  Labeller,
  MethodOptions,
  PairingRule,
  RecipeOptions,
  SelectionRule,
  SelfImprovingOptions,
  SeraOptions,
} from "./run/options/index.js";
export type { BootstrappedPair, OfflinePair, RunInput, TrainingPair, RunControls } from "./run/input.js";
export { Stages } from "./run/stages.js";
export type { Evaluation, IterationSummary, RunSummary } from "./run/summary.js";
export { selfImprove, seraMethod } from "./sera.js";
export { agreementOf, type Agreement } from "./stats/agreement.js";
export { bootstrapInterval, type Interval } from "./stats/interval.js";
export { lengthControlledWinRate, type Contest } from "./stats/length-controlled.js";
export { wilsonInterval } from "./stats/proportion.js";

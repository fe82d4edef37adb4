/**
 * The building blocks of methods: losses, training, margins and selection, bootstrapped pairs, runs.
 *
 * @module sera-lab/run
 */

export { bestMetrics, type BestMetric } from "../align/best.js";
export * from "../align/losses/index.js";
export type { ReferenceUpdate } from "../align/moving-reference.js";
export { meanHidden, responseMeanFeed } from "../align/head.js";
export {
  tokenColumn,
  type BatchSizes,
  type BuiltLoss,
  type Head,
  type Objective,
  type ObjectiveBatch,
} from "../align/objective.js";
export { objectiveOf, type PairLoss, type PairObjective } from "../align/pair-objective.js";
export { preference, type ReferencedPair, type TokenColumns } from "../align/preference.js";
export { schedules, type Schedule } from "../align/schedule.js";
export { supervised, type WeightedSequence } from "../align/sft.js";
export {
  Trainer,
  type StepRecord,
  type TrainerInputs,
  type TrainerState,
  type TrainingOptions,
} from "../align/trainer.js";
export type { Figures, Reporter, TaskControls, TaskOptions } from "../base/task.js";
export * from "../bootstrap/index.js";
export * from "../review/index.js";
/**
 * Tabular adaptive behaviour regularization (arXiv 2211.08251), a grid world to demonstrate it, and weights for
 * supervised fine-tuning.
 */
export * as abr from "../tabular/index.js";
export type { ExecutedTraining, Executor, ModelRef, RunRequirements, TrainingTask, ComputeTarget } from "./executor.js";
export { runLayout } from "./folder/layout.js";
export { RunFolder } from "./folder/run-folder.js";
export type { BootstrappedPair, OfflinePair, RunControls, RunInput, TrainingPair } from "./input.js";
export type { LoggedStep } from "./logged-step.js";
export type { Method } from "./method.js";
export { openRun, type OpenedRun, type RunPlace } from "./open-run.js";
export type {
  AlignmentOptions,
  AlignOptions,
  DirectOptions,
  IterativeDpoOptions,
  LabelledBy,
  LoopOptions,
  LossOptions,
  MethodOptions,
  RecipeOptions,
  Reference,
  RewardReference,
  SamplingOptions,
  SelfImprovingOptions,
  SeraOptions,
  SftMethodOptions,
  SftOptions,
  SharedOptions,
  SpaOptions,
  SpinOptions,
  TrainingBudget,
} from "./options/index.js";
export type {
  ColumnedPair,
  ColumnRule,
  LabelContext,
  Labeller,
  PairColumns,
  PairingRule,
  SelectionRule,
  Versioned,
} from "./options/index.js";
export { Stages, type IterationTraining } from "./stages.js";
export { degradedResponses } from "./degraded-responses.js";
export { tokenDifference } from "./token-difference.js";
export type { Evaluation, IterationSummary, RunSummary } from "./summary.js";

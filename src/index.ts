/**
 * The functions that a notebook uses daily. The modules beneath them have their own entry points: sera-lab/data,
 * /engine, /graph, /judge, /model, /run and /stats.
 *
 * @module sera-lab
 */

// test/package.test.ts pins these exports, so that adding one is a deliberate decision.
export { losses, type PreferenceLoss } from "./align/losses/index.js";
export { DivergenceError } from "./align/divergence.js";
export { InputError } from "./base/errors.js";
export { Random } from "./base/random.js";
export { compare } from "./cells/compare.js";
export { comparison } from "./cells/comparison.js";
export { implicitScores } from "./cells/implicit-scores.js";
export { judgeAgreement, meanGrade, winRate, type Judgement, type PairJudgement } from "./cells/judge.js";
export { linearAlignment, type Guidance } from "./cells/guidance.js";
export { instructionPairs } from "./cells/instruction-pairs.js";
export { frontierRows, klFrom } from "./cells/kl.js";
export { loadDemonstrations, loadPreferences, loadPrompts } from "./cells/load-data.js";
export { loadModel, type LoadModelOptions } from "./cells/load-model.js";
export { respond, type RespondOptions } from "./cells/respond.js";
export { flippedShares, marginAgreement, review, type ReviewedRow } from "./cells/review.js";
export { Run } from "./cells/run.js";
export { align, sera, type RunOptions } from "./cells/sera.js";
export { sft } from "./cells/sft.js";
export { streamResponse } from "./cells/stream-response.js";
export { train } from "./cells/train.js";
export { bridge } from "./data/bridge.js";
export { flipLabels } from "./data/flip-labels.js";
export { atGoal, goalConditioned } from "./data/goals.js";
export type { PreferencePair } from "./data/pair.js";
export { splitPairs } from "./data/split-pairs.js";
export { summarize } from "./data/summarize.js";
export { instructions } from "./data/instructions/shipped.js";
export { worldEditor } from "./data/world/editor.js";
export { world } from "./data/world/shipped.js";
export { goldJudge } from "./judge/gold-judge.js";
export type { Judge } from "./judge/judge.js";
export { llmEditor } from "./judge/llm/llm-editor.js";
export { llmJudge } from "./judge/llm/llm-judge.js";
export { loadResponses } from "./judge/load-responses.js";
export { pairResponses } from "./judge/pair-responses.js";
export { defineMethod } from "./methods/define-method.js";
export * as methods from "./methods/index.js";
export type { Recipe } from "./methods/recipe.js";
export { fromDanfo, toDanfo } from "./notebook/danfo.js";
export { cell, display } from "./notebook/display.js";
export { liveDisplay } from "./notebook/live-display.js";
export { showTable } from "./notebook/table/show-table.js";
export { showPair, showPairs } from "./notebook/text/show-pairs.js";
export { showResponses } from "./notebook/text/show-responses.js";
export * as plot from "./plot/index.js";
export type { Method } from "./run/method.js";
export { ray, type RaySettings } from "./run/ray/ray.js";
export { modelServer, type ModelServer, type ModelServerSettings } from "./run/server/model-server.js";
export type { Tracker } from "./run/tracking.js";
export { claimRow } from "./stats/claim.js";
export { mlflow } from "./tracking/mlflow.js";
export { tensorBoard } from "./tracking/tensorboard.js";
export { wandb } from "./tracking/wandb.js";

import { InputError } from "../base/errors.js";
import { requireOneOf, requireOption } from "../base/require-option.js";
import { bestMetrics } from "./best.js";
import type { ReferenceUpdate } from "./moving-reference.js";
import type { Objective } from "./objective.js";
import type { TrainingOptions } from "./trainer.js";

/**
 * Checks how a training is to go, before hours are spent on what comes first.
 *
 * @param kind which training, as the messages name it: `sft `, or nothing
 * @throws InputError where an option is outside its range, or lacks another that it needs
 */
export function checkTraining(options: TrainingOptions, kind = ""): void {
  const { learningRate, warmup = 0, adamW: { weightDecay = 0 } = {}, maxSteps = 1, emaDecay = 0 } = options;
  requireOption(learningRate > 0 && learningRate < Infinity, `${kind}learning rate`, learningRate, "a number above 0");
  requireOption(warmup >= 0 && warmup <= 1, `${kind}warmup`, warmup, "a share in [0, 1]");
  requireOption(weightDecay >= 0 && weightDecay < Infinity, `${kind}weight decay`, weightDecay, "a number from 0");
  requireWhole(maxSteps, `${kind}max steps`);
  requireOption(emaDecay >= 0 && emaDecay < 1, `${kind}ema decay`, emaDecay, "a number in [0, 1)");
  checkEvaluations(options, kind);
  checkReferenceUpdate(options.referenceUpdate ?? "fixed", kind);
}

/**
 * Checks that a training has what its options ask for.
 *
 * @throws InputError where the objective cannot be trained in such steps, or there is no held-out example or no reference
 */
export function checkTrainingInputs<Example>(objective: Objective<Example>, options: TrainingOptions, heldOut: readonly unknown[]): void {
  const { evaluateEvery, referenceUpdate = "fixed" } = options;
  objective.check?.(options);
  if (evaluateEvery !== undefined && heldOut.length === 0) {
    throw new InputError(`evaluate every: found ${evaluateEvery} and no held-out example, expected at least one to evaluate on`);
  }
  if (referenceUpdate !== "fixed" && !objective.withReferenceLogProbs) {
    throw new InputError(`reference update: found one in a training without a reference (${objective.key}), expected "fixed"`);
  }
}

function checkEvaluations({ evaluateEvery, keepBestBy, patience }: TrainingOptions, kind: string): void {
  requireWhole(evaluateEvery ?? 1, `${kind}evaluate every`);
  requireWhole(patience ?? 1, `${kind}patience`);
  if (keepBestBy !== undefined) requireOneOf(`${kind}keep best`, keepBestBy, Object.keys(bestMetrics));
  if (keepBestBy !== undefined && evaluateEvery === undefined) {
    throw new InputError(`${kind}keep best: found ${keepBestBy} without evaluations, expected evaluate every beside it`);
  }
  if (patience !== undefined && keepBestBy === undefined) {
    throw new InputError(`${kind}patience: found ${patience} without a metric, expected keep best beside it`);
  }
}

function checkReferenceUpdate(update: ReferenceUpdate, kind: string): void {
  if (update === "fixed") return;
  const { everySteps, ema } = update;
  requireWhole(everySteps ?? 1, `${kind}reference update, every steps`);
  requireOption((ema ?? 1) > 0 && (ema ?? 1) <= 1, `${kind}reference update, ema`, ema ?? 1, "a number above 0, at most 1");
  if (everySteps === undefined && ema === undefined) {
    throw new InputError(`${kind}reference update: found neither everySteps nor ema, expected one of them, or "fixed"`);
  }
}

function requireWhole(found: number, name: string): void {
  requireOption(Number.isInteger(found) && found >= 1, name, found, "a whole number from 1");
}

import { InputError, quote } from "../base/errors.js";
import type { Objective } from "./objective.js";
import type { TrainingOptions } from "./trainer.js";

/**
 * Checks that a training has the evaluations that its options need, before hours of training.
 *
 * @throws InputError if an option would have no effect without another
 */
export function checkEvaluations({
  evaluateEvery,
  keepBestBy,
  patience,
}: Pick<TrainingOptions, "evaluateEvery" | "keepBestBy" | "patience">): void {
  if (keepBestBy !== undefined && evaluateEvery === undefined) {
    throw new InputError(
      `keepBestBy: found ${quote(keepBestBy)} without evaluations to choose from; set evaluateEvery too`,
    );
  }
  if (patience !== undefined && keepBestBy === undefined) {
    throw new InputError(`patience: found ${patience} without a metric that has to improve; set keepBestBy too`);
  }
}

/**
 * Checks that a training has the inputs that its options require.
 *
 * @throws InputError if the objective cannot be trained in such steps, there is no validation example or no reference,
 *   or an option would have no effect
 */
export function checkTrainingInputs<Example>(
  objective: Objective<Example>,
  options: TrainingOptions,
  validation: readonly unknown[],
): void {
  const { evaluateEvery, emaDecay, referenceUpdate = "fixed" } = options;
  checkEvaluations(options);
  objective.check?.(options);
  if (objective.head && emaDecay !== undefined) {
    throw new InputError(
      `emaDecay: the objective ${objective.name} trains a head beside the policy, of which no average is kept; leave emaDecay out`,
    );
  }
  if (evaluateEvery !== undefined && validation.length === 0) {
    throw new InputError(
      `evaluateEvery: found ${evaluateEvery}, but no responses to compute a loss on; pass pairs as \`validation\` or \`heldOut\` (prompts alone have no responses), or leave evaluateEvery out`,
    );
  }
  if (referenceUpdate === "fixed") return;
  if (!objective.withReferenceLogProbs) {
    throw new InputError(`referenceUpdate: the objective has no reference to update (${objective.name}); leave it out`);
  }
  if (referenceUpdate.everySteps === undefined && referenceUpdate.ema === undefined) {
    throw new InputError('referenceUpdate: found neither everySteps nor ema; set one of them, or pass "fixed"');
  }
}

import type { Method } from "./method.js";
import { sftTrainingOptions, trainingOptions } from "./options/index.js";

/** Sizes of a run's input. */
export interface InputSizes {
  readonly pairs: number;
  readonly demonstrations: number;
}

/** A planned training of a method; if examples are generated, there may be fewer in the end. */
export interface PlannedTraining {
  readonly examples: number;
  readonly epochs: number;
}

/**
 * Returns the optimizer steps of all trainings of a method's run, including fine-tuning of the start on demonstrations,
 * for progress display. If a method generates pairs, this assumes one per prompt.
 */
export function plannedSteps(
  { options, trainings, trainsOnDemonstrations = false }: Method,
  sizes: InputSizes,
): number {
  const { iterations, epochs } = options;
  const aligned = trainings?.(sizes) ?? Array.from({ length: iterations }, () => ({ examples: sizes.pairs, epochs }));
  const own = aligned.map((training) => stepsOf(training, trainingOptions({ ...options, epochs: training.epochs })));
  const begins = sizes.demonstrations > 0 && !trainsOnDemonstrations;
  const sft = sftTrainingOptions(options);
  const all = begins ? [stepsOf({ examples: sizes.demonstrations, epochs: sft.epochs }, sft), ...own] : own;
  return all.reduce((sum, steps) => sum + steps, 0);
}

function stepsOf(
  { examples, epochs }: PlannedTraining,
  { batchSize, maxSteps }: { readonly batchSize: number; readonly maxSteps?: number },
): number {
  return maxSteps ?? Math.round(epochs * Math.ceil(examples / batchSize));
}

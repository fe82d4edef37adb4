import type { Method } from "./method.js";
import { sftTrainingOptions, trainingOptions } from "./options/index.js";

/** How much a run is given. */
export interface InputSizes {
  readonly pairs: number;
  readonly demonstrations: number;
}

/** One training of a method, as far as is known before it: examples that are made on the way may turn out to be fewer. */
export interface PlannedTraining {
  readonly examples: number;
  readonly epochs: number;
}

/**
 * Optimizer steps of all trainings of a method's run, that of the start on demonstrations included, for whoever shows its
 * progress. Where a method makes its own pairs, it is how many there are if each prompt gives one.
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

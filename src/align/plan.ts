import { chunk } from "../base/collections.js";
import type { Random } from "../base/random.js";
import { exactShape, roundUp, type TokenSequence } from "../model/batch.js";
import type { BatchShape } from "../model/log-probs.js";

/** Some examples that go through the model together. */
export interface MicroBatch {
  /** Which examples, by index. */
  readonly indices: readonly number[];
  /** Sizes of the program that they run in; it may have room for more. */
  readonly shape: BatchShape;
}

/** One optimizer step. */
export interface StepPlan {
  readonly microBatches: readonly MicroBatch[];
  /** Epochs done after this step; fractions within one. */
  readonly epoch: number;
}

export interface PlanOptions {
  /** Examples of an optimizer step. */
  readonly batchSize: number;
  /** Examples that go through the model at once; a step accumulates their gradients. Default `batchSize`. */
  readonly microBatchSize?: number;
  readonly epochs: number;
}

/** Steps whose examples are sorted by length among each other: more save padding, fewer mix better. */
const stepsPerPool = 16;

/**
 * Decides which examples each step of a training sees, before it begins. Examples are shuffled at
 * each epoch; within pools of 16 steps those of like length go together, so that little is padding,
 * and the steps are shuffled again. Micro-batches of like length share one shape, which fits all of
 * them: few programs, each no larger than it must be.
 *
 * @param examples the rows (sequences) of each example
 */
export function planTraining(
  examples: readonly (readonly TokenSequence[])[],
  { batchSize, microBatchSize = batchSize, epochs }: PlanOptions,
  random: Random,
): StepPlan[] {
  const rowsPerExample = examples[0]?.length ?? 0;
  const shapes = examples.map(exactShape);
  const steps = Array.from({ length: epochs }, (_, epoch) => {
    const order = random.fork("order", epoch).shuffle([...examples.keys()]);
    const inPools = chunk(order, batchSize * stepsPerPool).flatMap((pool) =>
      pool.sort((a, b) => shapes[a]!.length - shapes[b]!.length),
    );
    const batches = random.fork("steps", epoch).shuffle(chunk(inPools, batchSize));
    return batches.map((batch, i) => ({ batch, epoch: epoch + (i + 1) / batches.length }));
  }).flat();

  const fitting = new Map<number, BatchShape>();
  const bucketOf = (indices: readonly number[]) => roundUp(Math.max(...indices.map((i) => shapes[i]!.length)));
  const micro = steps.map(({ batch }) => chunk(batch, microBatchSize));
  for (const indices of micro.flat()) {
    const bucket = bucketOf(indices);
    const exact = exactShape(indices.flatMap((i) => examples[i]!));
    const sofar = fitting.get(bucket) ?? { length: 0, completions: 0 };
    fitting.set(bucket, {
      rows: Math.min(microBatchSize, batchSize, examples.length) * rowsPerExample,
      length: Math.max(sofar.length, exact.length),
      completions: Math.max(sofar.completions, exact.completions),
    });
  }
  return steps.map(({ epoch }, i) => ({
    epoch,
    microBatches: micro[i]!.map((indices) => ({ indices, shape: fitting.get(bucketOf(indices))! })),
  }));
}

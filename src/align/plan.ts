import { chunk } from "../base/collections.js";
import type { Random } from "../base/random.js";
import { exactShape, fittingBoth, roundUp, rowsOf, type TokenSequence } from "../model/scoring/batch.js";
import type { BatchCost } from "../model/scoring/batch-cost.js";
import type { BatchShape } from "../model/scoring/log-probs.js";

/** Examples that go through the model together. */
export interface MicroBatch {
  /** Indices of the examples. */
  readonly indices: readonly number[];
  /** Sizes of their program, which may have room for more. */
  readonly shape: BatchShape;
}

/** One optimizer step. */
export interface StepPlan {
  readonly microBatches: readonly MicroBatch[];
  /** Epochs completed after this step, as a fraction. */
  readonly epoch: number;
}

export interface PlanOptions {
  /** Examples per optimizer step. */
  readonly batchSize: number;
  /** Examples that go through the model at once; a step accumulates their gradients. Default `batchSize`. */
  readonly microBatchSize?: number;
  /** May be fractional, counted in steps. */
  readonly epochs: number;
  /** Total number of steps; overrides `epochs`. */
  readonly maxSteps?: number;
  /**
   * Whether the responses of an example share a row after their prompt, which is then read once, instead of a row each.
   * It changes results only by floating-point noise. Default: whichever is cheaper for a micro-batch, see
   * {@link batchCost}.
   */
  readonly sharePrompts?: boolean;
}

/** Number of steps whose examples are sorted by length together: more steps save padding, fewer mix better. */
const stepsPerPool = 16;

/**
 * Decides which examples each step of a training sees, before it begins. Examples are shuffled in each epoch; within
 * pools of 16 steps, examples of similar length are grouped to reduce padding, and the steps are shuffled again.
 * Micro-batches of similar length share one shape that fits them all, which keeps programs few and small.
 *
 * @param examples the sequences of each example, the same number for each
 * @param cost decides the row layout of micro-batches if `sharePrompts` is not given: all share prompts, none do, or
 *   each takes the cheaper layout
 */
export function planTraining(
  examples: readonly (readonly TokenSequence[])[],
  options: PlanOptions,
  random: Random,
  cost: BatchCost,
): StepPlan[] {
  const { sharePrompts } = options;
  // Choosing the layout per micro-batch can cost more than it saves, because shapes are shared.
  const kinds = sharePrompts === undefined ? [[true, false], [true], [false]] : [[sharePrompts]];
  const costOf = (steps: readonly StepPlan[]) =>
    steps.flatMap(({ microBatches }) => microBatches).reduce((sum, { shape }) => sum + cost(shape), 0);
  const plans = kinds.map((kind) => planInRows(examples, options, random, cost, kind));
  return plans.reduce((best, plan) => (costOf(plan) < costOf(best) ? plan : best));
}

/** @param kinds the allowed row layouts: with shared prompts, without, or both */
function planInRows(
  examples: readonly (readonly TokenSequence[])[],
  { batchSize, microBatchSize = batchSize, epochs, maxSteps }: PlanOptions,
  random: Random,
  cost: BatchCost,
  kinds: readonly boolean[],
): StepPlan[] {
  const layouts = kinds.map((share) => examples.map((sequences) => exactShape(rowsOf(sequences, share))));
  const cheapest = (indices: readonly number[]) =>
    layouts
      .map((layout) => together(indices.map((i) => layout[i]!)))
      .reduce((best, shape) => (cost(shape) < cost(best) ? shape : best));
  const own = examples.map((_, i) => cheapest([i]));
  const byLength = (a: number, b: number) =>
    Number(own[a]!.sharesPrompts) - Number(own[b]!.sharesPrompts) || own[a]!.length - own[b]!.length;
  const perEpoch = Math.ceil(examples.length / batchSize);
  const total = maxSteps ?? Math.round(epochs * perEpoch);
  const begun = perEpoch && Math.ceil(total / perEpoch);
  const all = Array.from({ length: begun }, (_, epoch) => {
    const order = random.fork("order", epoch).shuffle([...examples.keys()]);
    const inPools = chunk(order, batchSize * stepsPerPool).flatMap((pool) => pool.sort(byLength));
    const batches = random.fork("steps", epoch).shuffle(chunk(inPools, batchSize));
    return batches.map((batch, i) => ({ batch, epoch: epoch + (i + 1) / batches.length }));
  });
  const steps = all.flat().slice(0, total);

  const slots = Math.min(microBatchSize, batchSize, examples.length);
  const fitting = new Map<string, BatchShape>();
  const bucketOf = ({ sharesPrompts, length }: BatchShape) => `${sharesPrompts} ${roundUp(length)}`;
  const micro = steps.map(({ batch }) =>
    chunk(batch, microBatchSize).map((indices) => ({ indices, exact: cheapest(indices) })),
  );
  for (const { indices, exact } of micro.flat()) {
    const grown = (count: number) => Math.ceil((slots * count) / indices.length);
    const full = { ...exact, rows: grown(exact.rows), responses: grown(exact.responses) };
    fitting.set(bucketOf(exact), fittingBoth(fitting.get(bucketOf(exact)) ?? full, full));
  }
  return steps.map(({ epoch }, i) => ({
    epoch,
    microBatches: micro[i]!.map(({ indices, exact }) => ({ indices, shape: fitting.get(bucketOf(exact))! })),
  }));
}

/**
 * Plans steps whose examples are generated during training, from the stand-ins planned for each (see `ExampleSource`).
 * Stand-ins are shuffled in each epoch. The examples are not known in advance, so all micro-batches have one shape that
 * fits any of them, even with repetition.
 *
 * @param standIns the sequences of each stand-in, at their maximum length
 */
export function planDrawn(
  standIns: readonly (readonly TokenSequence[])[],
  options: PlanOptions,
  random: Random,
  cost: BatchCost,
): StepPlan[] {
  const { batchSize, microBatchSize = batchSize, epochs, maxSteps, sharePrompts } = options;
  const slots = Math.min(microBatchSize, batchSize, standIns.length);
  const kinds = sharePrompts === undefined ? [true, false] : [sharePrompts];
  const shapes = kinds.map((share) =>
    shapeOfAny(
      standIns.map((sequences) => exactShape(rowsOf(sequences, share))),
      slots,
    ),
  );
  const shape = shapes.reduce((best, other) => (cost(other) < cost(best) ? other : best));
  const perEpoch = Math.ceil(standIns.length / batchSize);
  const total = maxSteps ?? Math.round(epochs * perEpoch);
  return Array.from({ length: Math.ceil(total / perEpoch) }, (_, epoch) =>
    chunk(random.fork("order", epoch).shuffle([...standIns.keys()]), batchSize).map((step, i) => ({
      epoch: epoch + (i + 1) / perEpoch,
      microBatches: chunk(step, microBatchSize).map((indices) => ({ indices, shape })),
    })),
  )
    .flat()
    .slice(0, total);
}

/** Returns sizes that fit any `count` of the examples, even if all are the largest. */
function shapeOfAny(shapes: readonly BatchShape[], count: number): BatchShape {
  const { rows, responses, completions, ...largest } = shapes.reduce(fittingBoth);
  return { ...largest, rows: count * rows, responses: count * responses, completions: count * completions };
}

/** Returns the sizes of several batches combined. */
function together(shapes: readonly BatchShape[]): BatchShape {
  const total = (size: "rows" | "responses" | "completions") => shapes.reduce((sum, shape) => sum + shape[size], 0);
  return {
    rows: total("rows"),
    length: Math.max(...shapes.map(({ length }) => length)),
    responses: total("responses"),
    completions: total("completions"),
    sharesPrompts: shapes.some(({ sharesPrompts }) => sharesPrompts),
  };
}

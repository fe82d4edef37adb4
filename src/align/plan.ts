import { chunk } from "../base/collections.js";
import type { Random } from "../base/random.js";
import { exactShape, fittingBoth, roundUp, rowsOf, type TokenSequence } from "../model/scoring/batch.js";
import type { BatchCost } from "../model/scoring/batch-cost.js";
import type { BatchShape } from "../model/scoring/log-probs.js";

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
  /** A fraction of an epoch is that share of its steps. */
  readonly epochs: number;
  /** Steps of the whole training, in as many epochs as they take, whatever `epochs` says. */
  readonly maxSteps?: number;
  /**
   * Whether the responses of an example stand in one row behind their prompt, which is then read once, or each in a row
   * of its own. It changes results by float noise only. Default: whichever is cheaper for a micro-batch, see {@link batchCost}.
   */
  readonly sharePrompts?: boolean;
}

/** Steps whose examples are sorted by length among each other: more save padding, fewer mix better. */
const stepsPerPool = 16;

/**
 * Decides which examples each step of a training sees, before it begins. Examples are shuffled at
 * each epoch; within pools of 16 steps those of like length go together, so that little is padding,
 * and the steps are shuffled again. Micro-batches of like length share one shape, which fits all of
 * them: few programs, each no larger than it must be.
 *
 * @param examples the sequences of each example, as many for each
 * @param cost decides, where `sharePrompts` does not, in which rows micro-batches are laid out: all in shared ones, none,
 *   or each in those that cost less
 */
export function planTraining(
  examples: readonly (readonly TokenSequence[])[],
  options: PlanOptions,
  random: Random,
  cost: BatchCost,
): StepPlan[] {
  const { sharePrompts } = options;
  // What single micro-batches save by rows of their own kind can be lost by the shapes that they have to fit.
  const kinds = sharePrompts === undefined ? [[true, false], [true], [false]] : [[sharePrompts]];
  const costOf = (steps: readonly StepPlan[]) =>
    steps.flatMap(({ microBatches }) => microBatches).reduce((sum, { shape }) => sum + cost(shape), 0);
  const plans = kinds.map((kind) => planInRows(examples, options, random, cost, kind));
  return plans.reduce((best, plan) => (costOf(plan) < costOf(best) ? plan : best));
}

/** @param kinds whether rows may share prompts, whether they may not */
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
 * Steps whose examples are made while the training goes on, of the stand-ins that each is planned with (see
 * `ExampleSource`). Stand-ins are shuffled at each epoch. What becomes of them is not known, so all micro-batches have one
 * shape, which fits any, one example several times included.
 *
 * @param standIns the sequences of each, as long as they may become
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

/** The sizes that any so many of some examples fit, be they all the largest one. */
function shapeOfAny(shapes: readonly BatchShape[], count: number): BatchShape {
  const { rows, responses, completions, ...largest } = shapes.reduce(fittingBoth);
  return { ...largest, rows: count * rows, responses: count * responses, completions: count * completions };
}

/** The sizes of a batch of batches. */
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

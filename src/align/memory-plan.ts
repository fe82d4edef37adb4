import { largestBy } from "../base/collections.js";
import type { InputError } from "../base/errors.js";
import type { Random } from "../base/random.js";
import { programBytes } from "../engine/program-bytes.js";
import { sizeOf } from "../graph/tensor.js";
import { exactShape, rowsOf } from "../model/scoring/batch.js";
import type { BatchCost } from "../model/scoring/batch-cost.js";
import type { ModelConfig } from "../model/config.js";
import type { BatchShape } from "../model/scoring/log-probs.js";
import { memoryError, programMemory, withMargin } from "../engine/memory-budget.js";
import { parameterBytes } from "../model/parameters/memory.js";
import type { Objective } from "./objective.js";
import { planDrawn, planTraining, type PlanOptions, type StepPlan } from "./plan.js";
import { supervised } from "./sft.js";
import { accumulateProgram, changedShapes } from "./training-program.js";

/** Input for planning a training's memory. */
export interface MemoryTask<Example> {
  readonly config: ModelConfig;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  readonly options: PlanOptions & { readonly recompute?: boolean; readonly emaDecay?: number };
  /** Bytes for state and programs. */
  readonly memory: number;
  /** Whether programs run on a device such as a GPU, which needs more work at once. Default false. */
  readonly onDevice?: boolean;
  /** Whether a separate model generates examples from these during training. Default false. */
  readonly drawn?: boolean;
}

/** Settings chosen to fit a training into memory. */
export interface MemoryChoice {
  /** Examples that go through the model at once. */
  readonly microBatchSize: number;
  /** Whether activations are recomputed in the backward pass. */
  readonly recompute: boolean;
  /** Estimated memory of the largest program, in bytes. */
  readonly programBytes: number;
}

/** The chosen settings with the resulting steps. */
export interface MemoryPlan extends MemoryChoice {
  readonly steps: readonly StepPlan[];
}

/** On a CPU, programs that take more than this are not faster than with smaller micro-batches. */
const enoughForCpu = 2 ** 31;

/**
 * Chooses the micro-batch size and whether to recompute activations, unless the options set them. It tries all examples
 * of a step, half of them, a quarter, … until they fit and, on a CPU, take at most 2 GiB. If even one example does not
 * fit, its activations are recomputed.
 *
 * The choice depends only on the task, so a resumed training makes the same choice.
 *
 * @throws InputError if not even one example fits, saying what would
 */
export function planMemory<Example>(task: MemoryTask<Example>, random: Random, cost: BatchCost): MemoryPlan {
  const { config, objective, examples, options } = task;
  const room = programMemory(task.memory, stateBytes(task));
  const enough = task.onDevice ? room : enoughForCpu;
  const sequences = examples.map((example) => objective.sequences(example));
  const { batchSize, microBatchSize: given } = options;
  const sizes =
    given !== undefined || objective.needsWholeStep ? [given ?? batchSize] : halves(batchSize, examples.length);
  let least = Infinity;
  for (const recompute of options.recompute === undefined ? [false, true] : [options.recompute]) {
    let perExample = 0;
    for (const microBatchSize of sizes) {
      const isLast = microBatchSize === sizes.at(-1);
      const most = isLast ? room : Math.min(room, enough);
      // Skip sizes that, judging from half as many examples, clearly do not fit.
      if (!isLast && perExample * microBatchSize > 1.5 * most) continue;
      const steps = (task.drawn ? planDrawn : planTraining)(sequences, { ...options, microBatchSize }, random, cost);
      const bytes = largestBytes(config, steps, recompute);
      if (bytes <= most) return { microBatchSize, recompute, programBytes: bytes, steps };
      perExample = bytes / Math.min(microBatchSize, batchSize, examples.length);
      least = Math.min(least, bytes);
    }
  }
  throw tooSmall(task, least, room);
}

/** Returns the size of a step, then half the examples that one can have, a quarter … 1. */
function halves(batchSize: number, examples: number): number[] {
  const sizes = [batchSize];
  for (let size = Math.min(batchSize, examples); size > 1; ) sizes.push((size = Math.ceil(size / 2)));
  return sizes;
}

/** Returns the bytes of the largest program of a plan; only the sizes with most tokens can be the largest. */
function largestBytes(config: ModelConfig, steps: readonly StepPlan[], recompute: boolean): number {
  const shapes = steps.flatMap(({ microBatches }) => microBatches.map(({ shape }) => shape));
  const candidates = new Set([
    largestBy(shapes, ({ rows, length }) => rows * length),
    largestBy(shapes, ({ completions }) => completions),
  ]);
  return Math.max(...[...candidates].map((shape) => (shape ? bytesOf(config, shape, recompute) : 0)));
}

/**
 * Estimates bytes with the simplest objective: objectives differ only in their use of the tokens' log-probabilities,
 * which takes almost no memory.
 */
function bytesOf(config: ModelConfig, shape: BatchShape, recompute: boolean): number {
  return withMargin(
    programBytes(accumulateProgram({ config, objective: supervised, shape, slots: shape.responses, recompute })),
  );
}

/**
 * Returns the bytes that a training needs besides its programs: the model and, for trained parameters, the start,
 * moments, gradients and copies.
 */
export function stateBytes<Example>({
  config,
  objective,
  options,
  drawn = false,
}: Pick<MemoryTask<Example>, "config" | "objective" | "options" | "drawn">): number {
  const trained = 4 * [...changedShapes(config, objective).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const copies = 5 + (options.emaDecay === undefined ? 0 : 1) + (drawn ? 1 : 0);
  return parameterBytes(config) + copies * trained;
}

/** Returns an error that says what would fit if one example does not. */
function tooSmall<Example>(task: MemoryTask<Example>, least: number, room: number): InputError {
  const { config, objective, examples, memory, options } = task;
  const shapes = examples.map((example) =>
    exactShape(rowsOf(objective.sequences(example), options.sharePrompts ?? true)),
  );
  const byLength = shapes.sort((a, b) => a.rows * a.length - b.rows * b.length);
  let [fitting, beyond] = [0, byLength.length];
  while (fitting < beyond) {
    const middle = (fitting + beyond) >> 1;
    if (bytesOf(config, byLength[middle]!, options.recompute ?? true) <= room) fitting = middle + 1;
    else beyond = middle;
  }
  const longest = byLength[fitting - 1];
  const work =
    options.microBatchSize === undefined && !objective.needsWholeStep
      ? "the longest example takes"
      : "a micro-batch takes";
  return memoryError({
    ...{ memory, state: stateBytes(task), holders: ", the model and its training", work, least },
    advice: [
      ...(longest ? [`cut the texts (examples of ${longest.rows * longest.length} tokens fit)`] : []),
      ...(config.adapter ? [] : ["train an adapter (`lora`) instead of all parameters"]),
    ],
  });
}

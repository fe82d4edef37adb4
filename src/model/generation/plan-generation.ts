import { cheapestParts, chunk, groupBy, largestBy } from "../../base/collections.js";
import { programBytes } from "../../engine/program-bytes.js";
import type { ModelConfig } from "../config.js";
import { leastMemory, memoryError, programMemory, withMargin } from "../../engine/memory-budget.js";
import { parameterBytes } from "../parameters/memory.js";
import { roundUp } from "../scoring/batch.js";
import { batchCost } from "../scoring/batch-cost.js";
import { fillProgram, type GenerationShape } from "./cache.js";
import { freezesParameters, frozenCopies } from "./freezing.js";
import { writesInLanes } from "./lanes.js";

/** Requests responses to one prompt. */
export interface GenerationRequest {
  /** Names the random stream of each response, together with the response's number. */
  readonly key: string;
  /** Token ids, at least one. */
  readonly prompt: Int32Array;
  readonly responses: number;
  /** Prompts of the further contexts under guidance. Default: none. */
  readonly others?: readonly Int32Array[];
}

/** A planned response. */
export interface PlannedRow {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  /** Its prompt in each context. */
  readonly prompts: readonly Int32Array[];
  /** Names its random stream, together with its number. */
  readonly key: string;
}

/** Responses generated together. */
export interface PlannedBatch {
  /** Sizes of each context's input. */
  readonly shapes: readonly GenerationShape[];
  readonly rows: readonly PlannedRow[];
}

/** Limits for dividing responses into batches. */
export interface GenerationSizes {
  /** Of the model that reads each context. */
  readonly contextLengths: readonly number[];
  readonly maxNewTokens: number;
  /** Largest number of responses in a batch. */
  readonly batchSize: number;
}

/**
 * {@link planGeneration} with batches that fit into memory. Returns the resulting `batchSize`; `steps`, the most that all batches
 * take; and `memory`: the bytes left beside the model, and what one batch takes of them.
 *
 * @param memory bytes for the model, its copies in sessions with frozen parameters, the caches and the programs
 * @param config of the generating model; other contexts are counted as if their models had the same config
 * @throws InputError if not even one response fits
 */
export function planGenerationWithin(
  memory: number,
  config: ModelConfig,
  requests: readonly GenerationRequest[],
  sizes: GenerationSizes,
) {
  for (let { batchSize } = sizes; ; batchSize = Math.ceil(batchSize / 2)) {
    const batches = planGeneration(config, requests, { ...sizes, batchSize });
    const steps = batches.length * sizes.maxNewTokens;
    const stateIn = (memory: number) =>
      (1 + (freezesParameters(config, steps, memory) ? frozenCopies : 0)) * parameterBytes(config);
    const room = programMemory(memory, stateIn(memory));
    const needed = sizes.contextLengths.reduce(
      (sum, _, context) =>
        sum +
        largestBytes(
          config,
          batches.map(({ shapes }) => shapes[context]!),
        ),
      0,
    );
    if (needed <= room) return { batches, batchSize, steps, memory: { room, batch: needed } };
    if (batchSize > 1) continue;
    // With more memory, copies of the parameters may take a part of it.
    const state = stateIn(leastMemory(stateIn(memory), needed));
    throw memoryError({
      ...{ memory, state, holders: " and the model", work: "generating one response takes", least: needed },
      advice: ["lower maxNewTokens or the length of the prompts"],
    });
  }
}

/** Memory of a context's largest batch. */
function largestBytes(config: ModelConfig, shapes: readonly GenerationShape[]): number {
  const candidates = new Set([
    largestBy(shapes, ({ rows, capacity }) => rows * capacity),
    largestBy(shapes, ({ prompts, promptLength }) => prompts * promptLength),
  ]);
  return Math.max(...[...candidates].map((shape) => (shape ? generationBytes(config, shape) : 0)));
}

/** Memory of the cache, twice since growing copies it, and of reading the prompts. */
function generationBytes(config: ModelConfig, shape: GenerationShape): number {
  const cache = 8 * config.layers * config.kvHeads * config.headSize * shape.rows * shape.capacity;
  return withMargin(2 * cache + programBytes({ ...fillProgram(config, shape, "logits"), updates: new Map() }));
}

/**
 * Plans batches of responses to prompts of similar length; batches of one length share a shape. Prompts are padded to the longest
 * of their batch, but each step of a batch reads all weights: lengths are merged if that costs less than separate batches. The
 * weights of a model that runs batches side by side stay in the caches, so each length gets its own batches.
 *
 * @param config of the generating model
 */
export function planGeneration(
  config: ModelConfig,
  requests: readonly GenerationRequest[],
  { contextLengths, maxNewTokens, batchSize }: GenerationSizes,
): PlannedBatch[] {
  const wanted = requests.flatMap(({ key, prompt, responses, others = [] }, request) =>
    Array.from(
      { length: responses },
      (_, number): PlannedRow => ({ request, number, prompts: [prompt, ...others], key }),
    ),
  );
  const lengthIn = (context: number, { prompts }: PlannedRow) =>
    Math.min(roundUp(prompts[context]!.length), contextLengths[context]! - 1);
  const batchesOf = (members: readonly PlannedRow[]): PlannedBatch[] => {
    const rows = Math.min(members.length, batchSize);
    const batches = chunk(members, rows);
    const prompts = Math.max(...batches.map((batch) => new Set(batch.map(({ request }) => request)).size));
    const shapes = contextLengths.map((contextLength, context): GenerationShape => {
      const promptLength = Math.max(...members.map((row) => lengthIn(context, row)));
      return { prompts, promptLength, rows, capacity: Math.min(promptLength + maxNewTokens, contextLength) };
    });
    return batches.map((batch) => ({ rows: batch, shapes }));
  };
  const byLength = [...groupBy(wanted, (row) => lengthIn(0, row))]
    .sort(([a], [b]) => a - b)
    .map(([, members]) => members);
  const cost = writingCost(config, maxNewTokens);
  const costOf = (members: readonly PlannedRow[]) =>
    batchesOf(members).reduce((sum, { shapes }) => shapes.reduce((inner, shape) => inner + cost(shape), sum), 0);
  const parts = writesInLanes(config)
    ? byLength.map((members) => [members])
    : cheapestParts(byLength, (part) => costOf(part.flat()));
  return parts.flatMap((part) => batchesOf(part.flat()));
}

/** Rows whose arithmetic takes as long as reading the weights, which each step does once. */
const rowsOfWeights = 16;

/** Upper limit of a batch's cost: reading its prompts, and one step per token. Only ratios are meaningful. */
function writingCost(config: ModelConfig, maxNewTokens: number) {
  const cost = batchCost(config);
  return ({ prompts, promptLength, rows, capacity }: GenerationShape) =>
    cost({ rows: prompts, length: promptLength }) +
    (maxNewTokens * cost({ rows: rows + rowsOfWeights, length: capacity })) / capacity;
}

import { formatBytes } from "../../base/byte-size.js";
import { chunk, groupBy, largestBy } from "../../base/collections.js";
import { InputError } from "../../base/errors.js";
import { programBytes } from "../../engine/program-bytes.js";
import type { ModelConfig } from "../config.js";
import { parameterBytes, programMemory, withMargin } from "../parameters/memory.js";
import { roundUp } from "../scoring/batch.js";
import { fillProgram, type GenerationShape } from "./cache.js";
import { freezesParameters, frozenCopies } from "./freezing.js";

/** Responses wanted to one prompt. */
export interface GenerationRequest {
  /** Names the random stream of each response, together with its number. */
  readonly key: string;
  /** Token ids, at least one. */
  readonly prompt: Int32Array;
  readonly responses: number;
}

/** A response to be written. */
export interface PlannedRow {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  readonly prompt: Int32Array;
  /** Names its random stream, together with its number. */
  readonly key: string;
}

/** Responses that are written together. */
export interface PlannedBatch {
  readonly shape: GenerationShape;
  readonly rows: readonly PlannedRow[];
}

/** How responses are put into batches. */
export interface GenerationSizes {
  readonly contextLength: number;
  readonly maxNewTokens: number;
  /** Most responses of a batch. */
  readonly batchSize: number;
}

/**
 * {@link planGeneration} with no more responses in a batch than fit into memory; `batchSize` is how many.
 *
 * @param memory bytes for the model, the copies that sessions of frozen parameters have of it, the cache and the programs
 * @throws InputError where not even one response fits
 */
export function planGenerationWithin(memory: number, config: ModelConfig, requests: readonly GenerationRequest[], sizes: GenerationSizes) {
  const freezes = freezesParameters(config, sizes.maxNewTokens, memory);
  const room = programMemory(memory, (1 + (freezes ? frozenCopies : 0)) * parameterBytes(config));
  for (let { batchSize } = sizes; ; batchSize = Math.ceil(batchSize / 2)) {
    const batches = planGeneration(requests, { ...sizes, batchSize });
    const shapes = batches.map(({ shape }) => shape);
    const candidates = new Set([largestBy(shapes, ({ rows, capacity }) => rows * capacity), largestBy(shapes, ({ prompts, promptLength }) => prompts * promptLength)]);
    const needed = Math.max(...[...candidates].map((shape) => (shape ? generationBytes(config, shape) : 0)));
    if (needed <= room) return { batches, batchSize };
    if (batchSize > 1) continue;
    throw new InputError(
      `memory: ${formatBytes(memory)} hold ${formatBytes(memory - room)} of the model, but writing one response takes ${formatBytes(needed)} more; ` +
        "raise it, or lower maxNewTokens or the length of the prompts",
    );
  }
}

/** The cache twice, since it is copied where it grows, and what reads the prompts. */
function generationBytes(config: ModelConfig, shape: GenerationShape): number {
  const cache = 8 * config.layers * config.kvHeads * config.headSize * shape.rows * shape.capacity;
  return withMargin(2 * cache + programBytes({ ...fillProgram(config, shape, "logits"), updates: new Map() }));
}

/** Batches of responses to prompts of like length; batches of one length share a shape. */
export function planGeneration(
  requests: readonly GenerationRequest[],
  { contextLength, maxNewTokens, batchSize }: GenerationSizes,
): PlannedBatch[] {
  const wanted = requests.flatMap(({ key, prompt, responses }, request) =>
    Array.from({ length: responses }, (_, number): PlannedRow => ({ request, number, prompt, key })),
  );
  const byLength = groupBy(wanted, ({ prompt }) => Math.min(roundUp(prompt.length), contextLength - 1));
  return [...byLength].sort(([a], [b]) => a - b).flatMap(([promptLength, members]) => {
    const rows = Math.min(members.length, batchSize);
    const batches = chunk(members, rows);
    const prompts = Math.max(...batches.map((batch) => new Set(batch.map(({ request }) => request)).size));
    const capacity = Math.min(promptLength + maxNewTokens, contextLength);
    return batches.map((batch) => ({ rows: batch, shape: { prompts, promptLength, rows, capacity } }));
  });
}

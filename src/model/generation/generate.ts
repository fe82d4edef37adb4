import type { Random } from "../../base/random.js";
import type { TaskOptions } from "../../base/task.js";
import type { Policy } from "../policy/policy.js";
import { decodeTokens, Row } from "./decode-tokens.js";
import { planGenerationWithin, type GenerationRequest } from "./plan-generation.js";
import { checkSampling, type Sampling } from "./sampling.js";

export type { GenerationRequest } from "./plan-generation.js";

export interface GenerationOptions extends Partial<Sampling> {
  /** Default 256; never more than what the context leaves. */
  readonly maxNewTokens?: number;
  /** Ids that end a response; they are kept as its last token. Default: the tokenizer's `stopIds`. */
  readonly stopTokens?: readonly number[];
  /** Responses written at the same time, fewer where memory is little. Default 128. */
  readonly batchSize?: number;
  /** Batches at the start that an earlier, interrupted call has yielded; they are left out. Default 0. */
  readonly skipBatches?: number;
}

/** One written response. */
export interface Generation {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  /** Token ids, with the stop token that ended it. */
  readonly tokens: Int32Array;
  /** Whether a stop token ended it; false where the limit did. */
  readonly complete: boolean;
}

/** One token of a response that is being written. */
export interface GeneratedToken extends Pick<Generation, "request" | "number"> {
  readonly token: number;
  /** Whether it is the response's last. */
  readonly last: boolean;
}

/**
 * Samples responses, many at a time, with cached keys and values; the responses to one prompt share
 * its reading. Each response has a random stream of its own, named by its request's key and its
 * number, so that what is written does not depend on what else is in the batch, beyond float noise.
 *
 * Yields the responses of a batch when it is done. Defaults: temperature 1, no top-k, top-p or min-p,
 * no repetition penalty.
 *
 * @throws RangeError where a prompt is empty or leaves no place for a response, or an option is outside its range
 */
export async function* generate(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: GenerationOptions = {},
  { signal, onProgress, onNote }: TaskOptions = {},
): AsyncGenerator<Generation[]> {
  const total = requests.reduce((count, { responses }) => count + responses, 0);
  let done = 0;
  for (const [i, { rows, write }] of batchesOf(policy, requests, random, options, onNote).entries()) {
    done += rows.length;
    if (i < (options.skipBatches ?? 0)) continue;
    const steps = write(signal);
    while (!(await steps.next()).done);
    onProgress?.(done, total);
    yield rows.map(({ request, number, tokens, complete }) => ({ request, number, tokens: Int32Array.from(tokens), complete }));
  }
}

/**
 * Writes as {@link generate} does, and yields the tokens of each step as they are chosen, one for
 * each response that has not ended. Whoever stops taking them ends the writing.
 *
 * @throws RangeError as {@link generate} does
 */
export async function* generateTokens(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: Omit<GenerationOptions, "skipBatches"> = {},
  { signal }: Pick<TaskOptions, "signal"> = {},
): AsyncGenerator<GeneratedToken[]> {
  for (const { write } of batchesOf(policy, requests, random, options)) {
    for await (const rows of write(signal)) {
      yield rows.map(({ request, number, tokens, done }) => ({ request, number, token: tokens.at(-1)!, last: done }));
    }
  }
}

/** Batches ready to be written. */
function batchesOf(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: GenerationOptions,
  onNote?: TaskOptions["onNote"],
) {
  const { temperature = 1, topK = 0, topP = 1, minP = 0, repetitionPenalty = 1 } = options;
  const { maxNewTokens = 256, batchSize = 128, stopTokens = policy.tokenizer.stopIds } = options;
  const sampling = { temperature, topK, topP, minP, repetitionPenalty };
  checkSampling(sampling);
  checkCount("maxNewTokens", maxNewTokens);
  checkCount("batchSize", batchSize);
  const { contextLength } = policy.config;
  for (const { key, prompt } of requests) {
    if (prompt.length === 0) throw new RangeError(`the prompt of "${key}" has no token`);
    if (prompt.length >= contextLength) {
      throw new RangeError(`the prompt of "${key}" has ${prompt.length} tokens, the context is ${contextLength}`);
    }
  }
  const choice = { sampling, stops: new Set(stopTokens), maxNewTokens };
  const sizes = { contextLength, maxNewTokens, batchSize };
  const { batches, batchSize: fitting } = planGenerationWithin(policy.programs.memory, policy.config, requests, sizes);
  const wanted = requests.reduce((count, { responses }) => count + responses, 0);
  if (fitting < Math.min(batchSize, wanted)) onNote?.(`up to ${fitting} responses at once instead of ${batchSize}, to fit into memory (set memory to change it)`);
  return batches.map(({ shape, rows: planned }) => {
    const rows = planned.map((row) => new Row(row, random, contextLength, choice));
    return { rows, write: (signal?: AbortSignal) => decodeTokens(policy, shape, rows, choice, signal) };
  });
}

function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} is a whole number from 1, got ${count}`);
}

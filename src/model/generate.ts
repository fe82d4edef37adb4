import { chunk, groupBy } from "../base/collections.js";
import type { Random } from "../base/random.js";
import type { Work } from "../base/work.js";
import type { State } from "../engine/engine.js";
import { roundUp } from "./batch.js";
import { emptyCache, fillProgram, writeProgram, type WritingShape } from "./cache.js";
import type { Policy } from "./policy.js";
import { checkSampling, sampleToken, type Sampling } from "./sampling.js";

/** Responses wanted to one prompt. */
export interface WritingRequest {
  /** Names the random stream of each response, together with its number. */
  readonly key: string;
  /** Token ids, at least one. */
  readonly prompt: Int32Array;
  readonly responses: number;
}

export interface GenerationOptions extends Partial<Sampling> {
  /** Default 256; never more than what the context leaves. */
  readonly maxNewTokens?: number;
  /** Ids that end a response; they are kept as its last token. Default: the tokenizer's EOS. */
  readonly stopTokens?: readonly number[];
  /** Responses written at the same time. Default 64. */
  readonly batchSize?: number;
  /** Batches at the start that an earlier, interrupted call has yielded; they are left out. Default 0. */
  readonly skipBatches?: number;
}

/** One written response. */
export interface Writing {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  /** Token ids, with the stop token that ended it. */
  readonly tokens: Int32Array;
  /** Whether a stop token ended it; false where the limit did. */
  readonly complete: boolean;
}

/**
 * Samples responses, many at a time, with cached keys and values; the responses to one prompt share
 * its reading. Each response has a random stream of its own, named by its request's key and its
 * number, so that what is written does not depend on what else is in the batch, beyond float noise.
 *
 * Yields the responses of a batch when it is done. Defaults: temperature 1, no top-k, no top-p.
 *
 * @throws RangeError where a prompt is empty or leaves no place for a response
 */
export async function* generate(
  policy: Policy,
  requests: readonly WritingRequest[],
  random: Random,
  options: GenerationOptions = {},
  { signal, onProgress }: Work = {},
): AsyncGenerator<Writing[]> {
  const { temperature = 1, topK = 0, topP = 1, maxNewTokens = 256, batchSize = 64, skipBatches = 0 } = options;
  const sampling = { temperature, topK, topP };
  checkSampling(sampling);
  const stops = new Set(options.stopTokens ?? [policy.tokenizer.eosId]);
  const { contextLength } = policy.config;
  for (const { key, prompt } of requests) {
    if (prompt.length === 0) throw new RangeError(`the prompt of "${key}" has no token`);
    if (prompt.length >= contextLength) {
      throw new RangeError(`the prompt of "${key}" has ${prompt.length} tokens, the context is ${contextLength}`);
    }
  }
  const total = requests.reduce((count, { responses }) => count + responses, 0);
  let done = 0;
  for (const [i, batch] of planWriting(policy, requests, maxNewTokens, batchSize).entries()) {
    if (i < skipBatches) {
      done += batch.rows.length;
      continue;
    }
    signal?.throwIfAborted();
    const rows = batch.rows.map((row) => new Row(row, requests[row.request]!, random, contextLength, maxNewTokens));
    await write(policy, batch, requests, rows, sampling, stops, signal);
    onProgress?.((done += rows.length), total);
    yield rows.map((row) => row.finish());
  }
}

interface RowPlan {
  readonly request: number;
  readonly number: number;
}

interface WritingPlan {
  readonly shape: WritingShape;
  readonly rows: readonly RowPlan[];
}

/** A response while it is written. */
class Row {
  readonly prompt: Int32Array;
  readonly random: Random;
  readonly tokens: number[] = [];
  readonly limit: number;
  done = false;
  complete = false;

  constructor(
    readonly plan: RowPlan,
    { key, prompt }: WritingRequest,
    random: Random,
    contextLength: number,
    maxNewTokens: number,
  ) {
    this.prompt = prompt;
    this.random = random.fork(key, plan.number);
    this.limit = Math.min(maxNewTokens, contextLength - prompt.length);
  }

  take(logits: Float32Array, sampling: Sampling, stops: ReadonlySet<number>): void {
    if (this.done) return;
    const token = sampleToken(logits, sampling, this.random);
    this.tokens.push(token);
    this.complete = stops.has(token);
    this.done = this.complete || this.tokens.length === this.limit;
  }

  finish(): Writing {
    return { ...this.plan, tokens: Int32Array.from(this.tokens), complete: this.complete };
  }
}

async function write(
  policy: Policy,
  { shape }: WritingPlan,
  requests: readonly WritingRequest[],
  rows: readonly Row[],
  sampling: Sampling,
  stops: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { programs, config, tokenizer } = policy;
  const key = JSON.stringify([config, shape]);
  const fill = await programs.get(`fill ${key}`, () => fillProgram(config, shape));
  const next = await programs.get(`write ${key}`, () => writeProgram(config, shape));
  const cache = await programs.engine.createState(emptyCache(config, shape));
  const states: State[] = [policy.state, cache];
  const vocab = config.vocabSize;
  try {
    const { feeds, promptOf } = readPrompts(shape, requests, rows, tokenizer.padId);
    const first = await fill.run(feeds, states);
    rows.forEach((row, i) => row.take(logitsOf(first.logits!.data as Float32Array, promptOf[i]!, vocab), sampling, stops));

    const tokens = new Int32Array(shape.rows);
    const position = new Int32Array(shape.rows);
    while (rows.some((row) => !row.done)) {
      signal?.throwIfAborted();
      rows.forEach(({ done, prompt, tokens: written }, i) => {
        // A finished row rewrites its last place; nobody reads the result.
        tokens[i] = written.at(-1)!;
        position[i] = prompt.length + written.length - 1 - (done ? 1 : 0);
      });
      const { logits } = await next.run({ tokens, position }, states);
      rows.forEach((row, i) => row.take(logitsOf(logits!.data as Float32Array, i, vocab), sampling, stops));
    }
  } finally {
    await cache.free();
  }
}

function logitsOf(logits: Float32Array, row: number, vocab: number): Float32Array {
  return logits.subarray(row * vocab, (row + 1) * vocab);
}

function readPrompts(
  { prompts, promptLength, rows: size }: WritingShape,
  requests: readonly WritingRequest[],
  rows: readonly Row[],
  padId: number,
) {
  const wanted = [...new Set(rows.map(({ plan }) => plan.request))];
  const tokens = new Int32Array(prompts * promptLength).fill(padId);
  const last = new Int32Array(prompts);
  wanted.forEach((request, i) => {
    const { prompt } = requests[request]!;
    tokens.set(prompt, i * promptLength);
    last[i] = i * promptLength + prompt.length - 1;
  });
  const promptOf = new Int32Array(size);
  rows.forEach(({ plan }, i) => (promptOf[i] = wanted.indexOf(plan.request)));
  return { feeds: { tokens, last, promptOf }, promptOf };
}

/** Batches of responses to prompts of like length; batches of one length share a shape. */
function planWriting(
  { config }: Policy,
  requests: readonly WritingRequest[],
  maxNewTokens: number,
  batchSize: number,
): WritingPlan[] {
  const wanted = requests.flatMap(({ responses }, request) =>
    Array.from({ length: responses }, (_, number): RowPlan => ({ request, number })),
  );
  const byLength = groupBy(wanted, ({ request }) =>
    Math.min(roundUp(requests[request]!.prompt.length), config.contextLength - 1),
  );
  return [...byLength].sort(([a], [b]) => a - b).flatMap(([promptLength, members]) => {
    const rows = Math.min(members.length, batchSize);
    const batches = chunk(members, rows);
    const prompts = Math.max(...batches.map((batch) => new Set(batch.map(({ request }) => request)).size));
    const places = Math.min(promptLength + maxNewTokens, config.contextLength);
    return batches.map((batch) => ({ rows: batch, shape: { prompts, promptLength, rows, places } }));
  });
}

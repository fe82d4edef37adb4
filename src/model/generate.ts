import { chunk, groupBy } from "../base/collections.js";
import type { Random } from "../base/random.js";
import type { Work } from "../base/work.js";
import type { Feeds, Program } from "../engine/engine.js";
import type { Tensor } from "../graph/tensor.js";
import { roundUp } from "./batch.js";
import { fillProgram, shrinkProgram, unfilledCache, writeProgram, type CacheSize, type WritingShape } from "./cache.js";
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
  /** Responses written at the same time. Default 128. */
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
  const { temperature = 1, topK = 0, topP = 1, maxNewTokens = 256, batchSize = 128, skipBatches = 0 } = options;
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
  const cache = await programs.engine.createState(unfilledCache(config));
  const run = async (kind: string, build: () => Program, feeds: Feeds) =>
    (await programs.get(`${kind} ${JSON.stringify(config)}`, build)).run(feeds, [...policy.states, cache]);
  const takeTokens = ({ logits }: Record<string, Tensor>, into: readonly Row[], rowOf: (i: number) => number) => {
    const data = logits!.data as Float32Array;
    const { vocabSize } = config;
    into.forEach((row, i) => row.take(data.subarray(rowOf(i) * vocabSize, (rowOf(i) + 1) * vocabSize), sampling, stops));
  };
  try {
    const { feeds, promptOf } = readPrompts(shape, requests, rows, tokenizer.padId);
    const first = await run(`fill ${JSON.stringify(shape)}`, () => fillProgram(config, shape), feeds);
    takeTokens(first, rows, (i) => promptOf[i]!);

    let writing = rows;
    let size: CacheSize = shape;
    for (let left = rows.filter(isOpen); left.length > 0; left = left.filter(isOpen)) {
      signal?.throwIfAborted();
      if (left.length <= size.rows / 2 && size.rows >= 2 * leastRows) {
        const smaller = { rows: Math.ceil(size.rows / 2), places: size.places };
        const keep = new Int32Array(smaller.rows);
        left.forEach((row, i) => (keep[i] = writing.indexOf(row)));
        await run(`shrink ${JSON.stringify([size, smaller])}`, () => shrinkProgram(config, size, smaller), { keep });
        [writing, size] = [left, smaller];
      }
      const tokens = new Int32Array(size.rows);
      const position = new Int32Array(size.rows);
      writing.forEach((row, i) => {
        // A finished row rewrites its last place; nobody reads the result.
        tokens[i] = row.tokens.at(-1)!;
        position[i] = row.prompt.length + row.tokens.length - (row.done ? 2 : 1);
      });
      const { rows: count, places } = size;
      takeTokens(await run(`write ${count} ${places}`, () => writeProgram(config, { rows: count, places }), { tokens, position }), writing, (i) => i);
    }
  } finally {
    await cache.free();
  }
}

/** Fewer rows than this are written together to the end: a step of fewer takes as long. */
const leastRows = 16;

const isOpen = ({ done }: Row) => !done;

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

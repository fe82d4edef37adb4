import type { Random } from "../../base/random.js";
import type { Feeds, Program, Usage } from "../../engine/engine.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Policy } from "../policy/policy.js";
import { roundUp } from "../scoring/batch.js";
import { fillProgram, growProgram, shrinkProgram, unfilledCache, decodeProgram, type CacheSize, type NextTokenScores, type GenerationShape } from "./cache.js";
import { freezesParameters } from "./freezing.js";
import type { PlannedRow } from "./plan-generation.js";
import { drawsFromProbabilities, drawToken, sampleToken, type Sampling } from "./sampling.js";

/** How tokens are chosen, and when a response ends. */
export interface Choice {
  readonly sampling: Sampling;
  readonly stops: ReadonlySet<number>;
  readonly maxNewTokens: number;
}

/** A response while it is written. */
export class Row {
  readonly request: number;
  readonly number: number;
  readonly prompt: Int32Array;
  readonly tokens: number[] = [];
  /** Whether it has ended. */
  done = false;
  /** Whether a stop token ended it. */
  complete = false;
  private readonly random: Random;
  private readonly limit: number;

  /** @param random of all responses; the row takes a stream of its own from it */
  constructor(
    { request, number, prompt, key }: PlannedRow,
    random: Random,
    contextLength: number,
    private readonly choice: Choice,
  ) {
    this.request = request;
    this.number = number;
    this.prompt = prompt;
    this.random = random.fork(key, number);
    this.limit = Math.min(choice.maxNewTokens, contextLength - prompt.length);
  }

  /** Chooses the next token. */
  take(forecast: Float32Array): void {
    const { sampling, stops } = this.choice;
    const token =
      scoresFor(sampling) === "probabilities"
        ? drawToken(forecast, sampling, this.random)
        : sampleToken(forecast, sampling, this.random, this.seen());
    this.tokens.push(token);
    this.complete = stops.has(token);
    this.done = this.complete || this.tokens.length === this.limit;
  }

  private *seen(): Generator<number> {
    yield* this.prompt;
    yield* this.tokens;
  }
}

/** What tokens are chosen by. */
const scoresFor = (sampling: Sampling): NextTokenScores => (drawsFromProbabilities(sampling) ? "probabilities" : "logits");

/**
 * Writes responses to their ends, one token to each in a step. Yields after each step those that
 * have taken a token in it.
 */
export async function* decodeTokens(
  policy: Policy,
  shape: GenerationShape,
  rows: readonly Row[],
  { sampling }: Choice,
  signal?: AbortSignal,
): AsyncGenerator<readonly Row[]> {
  signal?.throwIfAborted();
  const { programs, config, tokenizer } = policy;
  const cache = await programs.engine.createState(unfilledCache(config));
  const run = async (kind: string, build: () => Program, feeds: Feeds, usage: Usage = {}) =>
    (await programs.get(`${kind} ${JSON.stringify({ ...usage, ...config })}`, build, usage)).run(feeds, [...policy.states, cache]);
  const wanted = scoresFor(sampling);
  const asked: Feeds = wanted === "probabilities" ? { temperature: Float32Array.of(sampling.temperature) } : {};
  const scoresOf = (outputs: Record<string, Tensor>, at: number) =>
    (outputs[wanted]!.data as Float32Array).subarray(at * config.vocabSize, (at + 1) * config.vocabSize);
  const { capacity: most, promptLength } = shape;
  // Prompts of like lengths reach equally far, so that they are one session too.
  const reach = Math.min(roundUp(most), config.contextLength);
  const usage = { frozen: freezesParameters(config, most - promptLength, programs.memory) };
  // Programs whose parameters are frozen are one session whatever the capacity is; others would be one for each capacity.
  const grown = (capacity: number) => (usage.frozen ? Math.min(most, roundUp(capacity + leastGrowth)) : most);
  const place = Int32Array.from({ length: most }, (_, i) => i);
  try {
    const { feeds, promptOf } = readPrompts(shape, rows, tokenizer.padId);
    const filled = { ...shape, capacity: grown(promptLength) };
    const first = await run(
      `fill ${wanted} ${JSON.stringify(filled)}`,
      () => fillProgram(config, filled, wanted),
      { ...feeds, ...asked },
    );
    rows.forEach((row, i) => row.take(scoresOf(first, promptOf[i]!)));
    yield rows;

    let writing = rows;
    let size: CacheSize = { rows: filled.rows, capacity: filled.capacity };
    for (let open = rows.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
      signal?.throwIfAborted();
      if (open.length <= size.rows / 2 && size.rows >= 2 * leastRows) {
        const smaller = { rows: Math.ceil(size.rows / 2), capacity: size.capacity };
        const keep = new Int32Array(smaller.rows);
        open.forEach((row, i) => (keep[i] = writing.indexOf(row)));
        await run(`shrink ${JSON.stringify([size, smaller])}`, () => shrinkProgram(config, size, smaller), { keep });
        [writing, size] = [open, smaller];
      }
      if (open.some(({ prompt, tokens }) => prompt.length + tokens.length > size.capacity)) {
        const larger = { rows: size.rows, capacity: grown(size.capacity) };
        await run(`grow ${JSON.stringify([size, larger])}`, () => growProgram(config, size, larger), {});
        size = larger;
      }
      const tokens = new Int32Array(size.rows);
      const position = new Int32Array(size.rows);
      writing.forEach((row, i) => {
        // A finished row rewrites its last position; nobody reads the result.
        tokens[i] = row.tokens.at(-1)!;
        position[i] = row.prompt.length + row.tokens.length - (row.done ? 2 : 1);
      });
      const next = await run(
        `decode ${wanted} ${JSON.stringify([size, reach])}`,
        () => decodeProgram(config, size, reach, wanted),
        { ...asked, tokens, position, place: place.slice(0, size.capacity) },
        usage,
      );
      writing.forEach((row, i) => row.done || row.take(scoresOf(next, i)));
      yield open;
    }
  } finally {
    await cache.free();
  }
}

/** Positions that a cache grows by at least. */
const leastGrowth = 16;

/** Fewer rows than this are written together to the end: a step of fewer takes as long. */
const leastRows = 16;

const isOpen = ({ done }: Row) => !done;

function readPrompts({ prompts, promptLength, rows: size }: GenerationShape, rows: readonly Row[], padId: number) {
  const read = [...new Map(rows.map(({ request, prompt }) => [request, prompt]))];
  const tokens = new Int32Array(prompts * promptLength).fill(padId);
  const last = new Int32Array(prompts);
  const indexOf = new Map<number, number>();
  read.forEach(([request, prompt], i) => {
    tokens.set(prompt, i * promptLength);
    last[i] = i * promptLength + prompt.length - 1;
    indexOf.set(request, i);
  });
  const promptOf = new Int32Array(size);
  rows.forEach(({ request }, i) => (promptOf[i] = indexOf.get(request)!));
  return { feeds: { tokens, last, promptOf }, promptOf };
}

import type { Feeds, Program, State, Usage } from "../../engine/engine.js";
import type { Tensor } from "../../graph/tensor.js";
import { roundUp } from "../scoring/batch.js";
import type { Reader } from "./lanes.js";
import {
  decodeProgram,
  fillProgram,
  growProgram,
  shrinkProgram,
  unfilledCache,
  type CacheSize,
  type GenerationShape,
  type NextTokenScores,
} from "./cache.js";

/** A model that reads the rows, and the sizes of its input. */
export interface DecodingContext {
  readonly reader: Reader;
  readonly shape: GenerationShape;
  /** Whether its parameters are constants of the generation sessions. */
  readonly frozen: boolean;
}

/** A response during generation, as a context reads it. */
export interface ReadRow {
  /** Index of its request; rows of one request have the same prompt. */
  readonly request: number;
  /** The tokens generated so far. */
  readonly tokens: readonly number[];
  readonly done: boolean;
}

/** A model's scores for a row's next token. */
export interface TokenScores {
  /** Logits or probabilities, whichever were requested: [vocab]. */
  readonly values: Float32Array;
  /** Probabilities at temperature 1, if requested in addition: [vocab]. */
  readonly untempered?: Float32Array;
}

/** Returns a model's scores for a row's next token. */
export type RowScores<R> = (row: R) => TokenScores;

/**
 * A model that reads the prompts of some rows and then the generated tokens, with cached keys and values. Several can run side by
 * side, over the same rows with different prompts or models.
 */
export class CachedContext<R extends ReadRow> {
  private readonly reader: Reader;
  private readonly shape: GenerationShape;
  private readonly reach: number;
  private readonly usage: Usage;
  private readonly place: Int32Array;
  private size: CacheSize;
  /** The rows in cache order, and the index of each. */
  private writing!: readonly R[];
  private placeOf!: ReadonlyMap<R, number>;

  private constructor(
    { reader, shape, frozen }: DecodingContext,
    private readonly rows: readonly R[],
    private readonly promptOf: (row: R) => Int32Array,
    private readonly wanted: NextTokenScores,
    private readonly asked: Feeds,
    private readonly cache: State,
  ) {
    const { capacity, promptLength } = shape;
    this.reader = reader;
    this.shape = shape;
    // Prompts of similar length get the same reach, so that they share a session too.
    this.reach = Math.min(roundUp(capacity), reader.config.contextLength);
    this.usage = { frozen };
    this.place = Int32Array.from({ length: capacity }, (_, i) => i);
    this.size = { rows: shape.rows, capacity: this.grown(promptLength) };
    this.hold(rows);
  }

  /** @param temperature of the probabilities, if these are requested */
  static async open<R extends ReadRow>(
    context: DecodingContext,
    rows: readonly R[],
    promptOf: (row: R) => Int32Array,
    wanted: NextTokenScores,
    temperature: number,
  ): Promise<CachedContext<R>> {
    const { engine } = context.reader.programs;
    const asked: Feeds = wanted === "logits" ? {} : { temperature: Float32Array.of(temperature) };
    return new CachedContext(
      context,
      rows,
      promptOf,
      wanted,
      asked,
      await engine.createState(unfilledCache(context.reader.config)),
    );
  }

  /** Reads the prompts and returns the scores of every row's first token. */
  async read(): Promise<RowScores<R>> {
    const { config, tokenizer } = this.reader;
    const { feeds, promptOf } = this.readPrompts(tokenizer.padId);
    const filled = { ...this.shape, capacity: this.size.capacity };
    const first = await this.run(
      `fill ${this.wanted} ${JSON.stringify(filled)}`,
      () => fillProgram(config, filled, this.wanted),
      { ...feeds, ...this.asked },
    );
    return (row) => this.scoresIn(first, promptOf[this.placeOf.get(row)!]!);
  }

  /**
   * Reads the last token of the open rows and returns the scores of their next.
   *
   * @param open rows of the last call that are not finished
   */
  async next(open: readonly R[]): Promise<RowScores<R>> {
    const { config } = this.reader;
    const { size } = this;
    if (open.length <= size.rows / 2 && size.rows >= 2 * leastRows) {
      const smaller = { rows: Math.ceil(size.rows / 2), capacity: size.capacity };
      const keep = new Int32Array(smaller.rows);
      open.forEach((row, i) => (keep[i] = this.placeOf.get(row)!));
      await this.run(`shrink ${JSON.stringify([size, smaller])}`, () => shrinkProgram(config, size, smaller), { keep });
      this.hold(open);
      this.size = smaller;
    }
    if (open.some((row) => this.promptOf(row).length + row.tokens.length > this.size.capacity)) {
      const before = this.size;
      const larger = { rows: before.rows, capacity: this.grown(before.capacity) };
      await this.run(`grow ${JSON.stringify([before, larger])}`, () => growProgram(config, before, larger), {});
      this.size = larger;
    }
    const now = this.size;
    const tokens = new Int32Array(now.rows);
    const position = new Int32Array(now.rows);
    this.writing.forEach((row, i) => {
      // A finished row rewrites its last position; nobody reads the result.
      tokens[i] = row.tokens.at(-1)!;
      position[i] = this.promptOf(row).length + row.tokens.length - (row.done ? 2 : 1);
    });
    const next = await this.run(
      `decode ${this.wanted} ${JSON.stringify([now, this.reach])}`,
      () => decodeProgram(config, now, this.reach, this.wanted),
      { ...this.asked, tokens, position, place: this.place.slice(0, now.capacity) },
      this.usage,
    );
    return (row) => this.scoresIn(next, this.placeOf.get(row)!);
  }

  async free(): Promise<void> {
    await this.cache.free();
  }

  private hold(rows: readonly R[]): void {
    this.writing = rows;
    this.placeOf = new Map(rows.map((row, i) => [row, i]));
  }

  /** Programs with frozen parameters share one session across capacities; others would need one per capacity. */
  private grown(capacity: number): number {
    const { capacity: most } = this.shape;
    return this.usage.frozen ? Math.min(most, roundUp(capacity + leastGrowth)) : most;
  }

  private async run(
    kind: string,
    build: () => Program,
    feeds: Feeds,
    usage: Usage = {},
  ): Promise<Record<string, Tensor>> {
    const { programs, config, states } = this.reader;
    const executable = await programs.get(`${kind} ${JSON.stringify({ ...usage, ...config })}`, build, usage);
    return executable.run(feeds, [...states, this.cache]);
  }

  private scoresIn({ logits, probabilities, untempered }: Record<string, Tensor>, at: number): TokenScores {
    const { vocabSize } = this.reader.config;
    const rowOf = ({ data }: Tensor) => (data as Float32Array).subarray(at * vocabSize, (at + 1) * vocabSize);
    return { values: rowOf((logits ?? probabilities)!), ...(untempered && { untempered: rowOf(untempered) }) };
  }

  private readPrompts(padId: number) {
    const { prompts, promptLength, rows: size } = this.shape;
    const read = [...new Map(this.rows.map((row) => [row.request, this.promptOf(row)]))];
    const tokens = new Int32Array(prompts * promptLength).fill(padId);
    const last = new Int32Array(prompts);
    const indexOf = new Map<number, number>();
    read.forEach(([request, prompt], i) => {
      tokens.set(prompt, i * promptLength);
      last[i] = i * promptLength + prompt.length - 1;
      indexOf.set(request, i);
    });
    const promptOf = new Int32Array(size);
    this.rows.forEach(({ request }, i) => (promptOf[i] = indexOf.get(request)!));
    return { feeds: { tokens, last, promptOf }, promptOf };
  }
}

/** Smallest number of positions by which a cache grows. */
const leastGrowth = 16;

/** Fewer rows than this are not reduced further: a step with fewer takes as long. */
const leastRows = 16;

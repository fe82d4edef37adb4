import type { Random } from "../base/random.js";
import { tensor } from "../graph/tensor.js";
import type { Parameters } from "../model/parameters/parameters.js";

/** A response in a buffer. */
export interface BufferedResponse {
  /** Index of the example that it is a response to. */
  readonly example: number;
  readonly tokens: Int32Array;
  /** How often it was drawn. */
  readonly draws: number;
}

/**
 * A first-in, first-out buffer of recent responses; those drawn less often are more likely to be drawn (SAPO: Yin et
 * al. 2024, arXiv 2405.20830). Buffers are immutable: each operation returns a new one.
 */
export class ReplayBuffer {
  private constructor(
    private readonly capacity: number,
    /** Oldest first. */
    readonly entries: readonly BufferedResponse[],
  ) {}

  /** @param capacity maximum number of responses */
  static empty(capacity: number): ReplayBuffer {
    return new ReplayBuffer(capacity, []);
  }

  /** Returns a buffer with added responses, dropping the oldest beyond the capacity. */
  with(made: readonly Omit<BufferedResponse, "draws">[]): ReplayBuffer {
    const all = [...this.entries, ...made.map((response) => ({ ...response, draws: 0 }))];
    return new ReplayBuffer(this.capacity, all.slice(-this.capacity));
  }

  /**
   * Draws with replacement, each response with a weight of 1/(times drawn before + 1).
   *
   * @throws RangeError if it is empty
   */
  draw(count: number, random: Random): { readonly drawn: readonly BufferedResponse[]; readonly buffer: ReplayBuffer } {
    if (this.entries.length === 0) throw new RangeError("nothing can be drawn from an empty buffer");
    let total = 0;
    const ends = this.entries.map(({ draws }) => (total += 1 / (draws + 1)));
    const places = Array.from({ length: count }, () => firstAbove(ends, random.uniform() * total));
    const times = new Map<number, number>();
    for (const place of places) times.set(place, (times.get(place) ?? 0) + 1);
    const entries = this.entries.map((entry, place) => ({ ...entry, draws: entry.draws + (times.get(place) ?? 0) }));
    return { drawn: places.map((place) => this.entries[place]!), buffer: new ReplayBuffer(this.capacity, entries) };
  }

  /** Returns the buffer as tensors of whole numbers; no tensors if it is empty. */
  tensors(): Parameters {
    const { entries } = this;
    if (entries.length === 0) return new Map();
    const column = (values: readonly number[]) => tensor([values.length], Float32Array.from(values));
    return new Map([
      ["example", column(entries.map(({ example }) => example))],
      ["draws", column(entries.map(({ draws }) => draws))],
      ["length", column(entries.map(({ tokens }) => tokens.length))],
      ["tokens", column(entries.flatMap(({ tokens }) => [...tokens]))],
    ]);
  }

  /** Restores a buffer from {@link tensors}. */
  static from(capacity: number, tensors: Parameters): ReplayBuffer {
    const column = (name: string) => tensors.get(name)?.data ?? new Float32Array(0);
    const [draws, lengths, tokens] = [column("draws"), column("length"), column("tokens")];
    let at = 0;
    const entries = [...column("example")].map((example, i) => ({
      example,
      draws: draws[i]!,
      tokens: Int32Array.from(tokens.subarray(at, (at += lengths[i]!))),
    }));
    return new ReplayBuffer(capacity, entries);
  }
}

/** Returns the index of the first of some ascending numbers above a value; the last index if there is none. */
function firstAbove(ends: readonly number[], value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

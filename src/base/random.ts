import { createHash } from "node:crypto";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { InputError } from "./errors.js";

/**
 * A seeded stream of random numbers. Streams are never shared: `fork` derives an independent stream from a label, so
 * that draws for one purpose do not depend on earlier draws for another.
 *
 * @example
 * const random = Random.seeded(7);
 * const order = random.fork("epoch", 3).shuffle(pairs);
 */
export class Random {
  private readonly generator: RandomGenerator;
  private spare: number | undefined;

  /** @param name seed and labels of the stream; equal names give equal numbers */
  private constructor(readonly name: string) {
    const digest = createHash("sha256").update(name).digest();
    this.generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  }

  /** The root stream of a seed. */
  static seeded(seed: number): Random {
    return new Random(`seed:${seed}`);
  }

  /** An independent stream named by `labels`; the same labels give the same stream. */
  fork(...labels: readonly (string | number)[]): Random {
    const names = labels.map((label) => String(label).replace(/[\\/]/g, "\\$&"));
    return new Random(`${this.name}/${names.join("/")}`);
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.generator.next() >>> 5;
    const low = this.generator.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /**
   * Uniform integer in [0, below).
   *
   * @throws RangeError unless `below` is a positive integer
   */
  integer(below: number): number {
    if (!Number.isSafeInteger(below) || below < 1)
      throw new RangeError(`cannot draw an integer from [0, ${below}); the bound must be a positive integer`);
    return uniformInt(this.generator, 0, below - 1);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }

  /**
   * One of the items.
   *
   * @throws RangeError if the list is empty
   */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }
}

/**
 * Checks that a function that draws was given a generator.
 *
 * @param call text of the call up to the generator argument: `splitPairs(pairs, 0.2`
 * @throws InputError if it was not given one
 */
export function requireRandom(call: string, random: unknown): void {
  const isRandom = typeof random === "object" && random !== null && "shuffle" in random;
  if (!isRandom)
    throw new InputError(
      `${call}, …): needs a seeded generator, so that it can be repeated; write ${call}, Random.seeded(0))`,
    );
}

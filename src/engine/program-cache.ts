import type { Engine, Executable, Program, Usage } from "./engine.js";
import { programDigest } from "./program-digest.js";

/**
 * Prepared programs. Each keeps memory of its own for intermediate results, so only the `limit` most recently used stay
 * prepared; the others are released and made again when asked for.
 */
export class ProgramCache {
  private readonly prepared = new Map<string, Promise<Executable>>();
  /** The keys in `prepared` of what each maker has built, by the key that it gave. */
  private readonly built = new WeakMap<object, Map<string, string>>();

  constructor(
    readonly engine: Engine,
    private readonly limit = 12,
  ) {}

  /**
   * The program of this key, built and prepared if it is not at hand.
   *
   * @param key names everything that the program depends on
   */
  get(key: string, build: () => Program, usage: Usage = {}): Promise<Executable> {
    const known = this.prepared.get(key);
    const executable = known ?? this.make(build, usage);
    this.prepared.delete(key);
    this.prepared.set(key, executable);
    // What could not be made is asked for again, and fails again where its maker can see it.
    if (!known) executable.catch(() => this.prepared.get(key) === executable && this.prepared.delete(key));
    return executable;
  }

  /**
   * The program that `maker` builds. It is shared with other makers if, and only if, theirs has an equal graph; what they
   * are called does not count. The graph is built again only where the program was released.
   *
   * @param maker whose code decides what is built, such as an objective; it builds the same whenever it is given the same key
   * @param key tells the maker's programs from each other
   */
  getBuilt(maker: object, key: string, build: () => Program, usage: Usage = {}): Promise<Executable> {
    const own = this.built.get(maker) ?? new Map<string, string>();
    this.built.set(maker, own);
    const known = own.get(key);
    if (known !== undefined && this.prepared.has(known)) return this.get(known, build, usage);
    const program = build();
    const digest = `${JSON.stringify(usage)} ${programDigest(program)}`;
    own.set(key, digest);
    return this.get(digest, () => program, usage);
  }

  /** Releases all programs. */
  async clear(): Promise<void> {
    const all = [...this.prepared.values()];
    this.prepared.clear();
    for (const executable of all) await release(executable);
  }

  private async make(build: () => Program, usage: Usage): Promise<Executable> {
    const [oldest] = this.prepared;
    if (oldest && this.prepared.size >= this.limit) {
      this.prepared.delete(oldest[0]);
      await release(oldest[1]);
    }
    return this.engine.prepare(build(), usage);
  }
}

/** Releases a program, if it could be made at all. */
async function release(executable: Promise<Executable>): Promise<void> {
  const made = await executable.catch(() => undefined);
  await made?.release();
}

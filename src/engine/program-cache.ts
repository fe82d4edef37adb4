import type { Engine, Executable, Program, Usage } from "./engine.js";

/**
 * Prepared programs by key. Each keeps memory of its own for intermediate results, so only the
 * `limit` most recently used stay prepared; the others are released and made again when asked for.
 */
export class ProgramCache {
  private readonly prepared = new Map<string, Executable>();

  constructor(
    readonly engine: Engine,
    private readonly limit = 12,
  ) {}

  /** The program of this key, built and prepared if it is not at hand. */
  async get(key: string, build: () => Program, usage: Usage = {}): Promise<Executable> {
    const executable = this.prepared.get(key) ?? (await this.make(build, usage));
    this.prepared.delete(key);
    this.prepared.set(key, executable);
    return executable;
  }

  /** Releases all programs. */
  async clear(): Promise<void> {
    const all = [...this.prepared.values()];
    this.prepared.clear();
    for (const executable of all) await executable.release();
  }

  private async make(build: () => Program, usage: Usage): Promise<Executable> {
    const [oldest] = this.prepared;
    if (oldest && this.prepared.size >= this.limit) {
      this.prepared.delete(oldest[0]);
      await oldest[1].release();
    }
    return this.engine.prepare(build(), usage);
  }
}

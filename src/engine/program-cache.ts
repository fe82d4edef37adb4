import type { Engine, Executable, Program, Usage } from "./engine.js";
import { defaultMemory, heldMemory, programMemory, withMargin } from "./memory-budget.js";
import { programBytes } from "./program-bytes.js";
import { programDigest } from "./program-digest.js";

/** Limit of all programs together, however much memory there is: keeping one only saves preparing it again. */
const mostBytes = 3 * 2 ** 30;

/** Memory of the smallest prepared program: its threads, and the tables of its nodes. */
const leastBytes = 8 * 2 ** 20;

interface Prepared {
  readonly bytes: number;
  readonly executable: Promise<Executable>;
}

/**
 * A cache of prepared programs. Each keeps the memory of its intermediate results between runs, which no two programs can share.
 * So only the most recently used ones stay that fit together into {@link mostBytes} and into the memory that the state leaves;
 * the others are released, and prepared again on request. The one in use stays whatever its size.
 */
export class ProgramCache {
  private prepared = new Map<string, Prepared>();
  /** For each maker, the keys in `prepared` by the maker's own keys. */
  private built = new WeakMap<object, Map<string, string>>();
  private beside: { lanes?: readonly ProgramCache[] } = {};

  /**
   * @param memory limit in bytes for the engine's state and programs; work is planned by it too. Default: {@link defaultMemory}
   */
  constructor(
    readonly engine: Engine,
    readonly memory = defaultMemory(),
  ) {}

  /** Program caches for the engine's lanes, which share this one's memory. */
  get lanes(): readonly ProgramCache[] {
    const { lanes } = this.engine;
    // The process counts once.
    const share = heldMemory(Math.floor(programMemory(this.memory, 0) / lanes.length));
    return (this.beside.lanes ??= lanes.map((lane) => new ProgramCache(lane, share)));
  }

  /** Returns a view of this cache with another memory limit for planning: both share all prepared programs. */
  within(memory: number): ProgramCache {
    const other = new ProgramCache(this.engine, memory);
    other.prepared = this.prepared;
    other.built = this.built;
    other.beside = this.beside;
    return other;
  }

  /**
   * Returns the program with this key; builds and prepares it if it is not cached.
   *
   * @param key identifies everything that the program depends on
   */
  get(key: string, build: () => Program, usage: Usage = {}): Promise<Executable> {
    const known = this.prepared.get(key);
    if (known) {
      this.prepared.delete(key);
      this.prepared.set(key, known);
      return known.executable;
    }
    const made = this.make(build, usage);
    this.prepared.set(key, made);
    // A failed program is not cached: the next request tries again, and fails again where its caller can see it.
    made.executable.catch(() => this.prepared.get(key) === made && this.prepared.delete(key));
    return made.executable;
  }

  /**
   * Returns the program that `maker` builds. It is shared with other makers if, and only if, their graphs are equal; keys do not
   * matter. The graph is rebuilt only if the program was released.
   *
   * @param maker whose code determines what is built, such as an objective; it must build the same program for the same key
   * @param key distinguishes the maker's programs
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

  /** Releases the least recently used programs until the others take at most `bytes`. */
  async trim(bytes: number): Promise<void> {
    for (const executable of this.removeBeyond(bytes)) await release(executable);
  }

  private make(build: () => Program, usage: Usage): Prepared {
    let program: Program;
    try {
      program = build();
    } catch (error) {
      return { bytes: 0, executable: Promise.reject(error as Error) };
    }
    const bytes = Math.max(leastBytes, withMargin(programBytes(program)));
    const gone = this.removeBeyond(Math.min(mostBytes, programMemory(this.memory, this.engine.stateBytes)) - bytes);
    const prepare = async () => {
      for (const executable of gone) await release(executable);
      return this.engine.prepare(program, usage);
    };
    return { bytes, executable: prepare() };
  }

  /** Removes the least recently used programs until the others take at most `limit` bytes, and returns them. */
  private removeBeyond(limit: number): Promise<Executable>[] {
    let held = [...this.prepared.values()].reduce((sum, one) => sum + one.bytes, 0);
    const gone: Promise<Executable>[] = [];
    for (const [key, one] of this.prepared) {
      if (held <= limit) break;
      this.prepared.delete(key);
      gone.push(one.executable);
      held -= one.bytes;
    }
    return gone;
  }
}

/** Releases a program, if preparing it succeeded. */
async function release(executable: Promise<Executable>): Promise<void> {
  const made = await executable.catch(() => undefined);
  await made?.release();
}

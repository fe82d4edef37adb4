import type { Engine, Executable, Program, Usage } from "./engine.js";
import { defaultMemory, heldMemory, programMemory, withMargin } from "./memory-budget.js";
import { programBytes } from "./program-bytes.js";
import { programDigest } from "./program-digest.js";

/** Programs take no more than this together, however much memory there is: what a kept one saves is being made again. */
const mostBytes = 3 * 2 ** 30;

/** What the smallest prepared program takes: its threads, and the tables of its nodes. */
const leastBytes = 8 * 2 ** 20;

interface Prepared {
  readonly bytes: number;
  readonly executable: Promise<Executable>;
}

/**
 * Prepared programs. Each keeps the memory of its intermediate results from run to run, which no two of them can share;
 * so only those most recently used stay that fit into {@link mostBytes} and beside the state into the memory together,
 * and the others are released and made again when asked for. The one in use stays whatever its size.
 */
export class ProgramCache {
  private prepared = new Map<string, Prepared>();
  /** The keys in `prepared` of what each maker has built, by the key that it gave. */
  private built = new WeakMap<object, Map<string, string>>();
  private beside: { lanes?: readonly ProgramCache[] } = {};

  /** @param memory bytes that the engine's state and programs may take, by which work is planned too. Default: {@link defaultMemory} */
  constructor(
    readonly engine: Engine,
    readonly memory = defaultMemory(),
  ) {}

  /** Programs for the engine's lanes, which have this one's memory together. */
  get lanes(): readonly ProgramCache[] {
    const { lanes } = this.engine;
    // The process counts once.
    const share = heldMemory(Math.floor(programMemory(this.memory, 0) / lanes.length));
    return (this.beside.lanes ??= lanes.map((lane) => new ProgramCache(lane, share)));
  }

  /** The same programs for work that is planned for another memory: what one of the two has prepared, the other finds. */
  within(memory: number): ProgramCache {
    const other = new ProgramCache(this.engine, memory);
    other.prepared = this.prepared;
    other.built = this.built;
    other.beside = this.beside;
    return other;
  }

  /**
   * The program of this key, built and prepared if it is not at hand.
   *
   * @param key names everything that the program depends on
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
    // What could not be made is asked for again, and fails again where its maker can see it.
    made.executable.catch(() => this.prepared.get(key) === made && this.prepared.delete(key));
    return made.executable;
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
    for (const { executable } of all) await release(executable);
  }

  private make(build: () => Program, usage: Usage): Prepared {
    let program: Program;
    try {
      program = build();
    } catch (error) {
      return { bytes: 0, executable: Promise.reject(error as Error) };
    }
    const bytes = Math.max(leastBytes, withMargin(programBytes(program)));
    const gone = this.makeRoom(bytes);
    const prepare = async () => {
      for (const executable of gone) await release(executable);
      return this.engine.prepare(program, usage);
    };
    return { bytes, executable: prepare() };
  }

  /** Takes out what has to go for a program of this size. */
  private makeRoom(bytes: number): Promise<Executable>[] {
    const limit = Math.min(mostBytes, programMemory(this.memory, this.engine.stateBytes)) - bytes;
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

/** Releases a program, if it could be made at all. */
async function release(executable: Promise<Executable>): Promise<void> {
  const made = await executable.catch(() => undefined);
  await made?.release();
}

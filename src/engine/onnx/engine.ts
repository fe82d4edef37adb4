import { availableParallelism } from "node:os";
import { InputError } from "../../base/errors.js";
import type { Value } from "../../graph/value.js";
import type { EngineDescription, Executable, Program, Usage } from "../engine.js";
import { updatesInPlace } from "../in-place.js";
import type { Leaf, ThreadData } from "../thread/calls.js";
import { ThreadEngine, type EngineThread } from "../thread/thread-engine.js";
import { chooseProvider } from "./choose-provider.js";
import { FlushingThread } from "./flushing-thread.js";
import { frozenState } from "./frozen-state.js";
import { lower } from "./lower.js";
import { failureIn, keepsState, providerChoices, providers, type Provider, type ProviderChoice } from "./providers.js";
import { splitRowWrites } from "./row-writes.js";
import type { PreparedProgram, SessionSettings } from "./protocol.js";
import { threadsFor } from "./threads.js";

/** Each lane holds its own copy of the data copied to it. */
const mostLanes = 8;

export interface OnnxEngineOptions {
  /** Where ops run; "auto" uses what {@link chooseProvider} finds. Default "cpu". */
  readonly provider?: ProviderChoice | undefined;
  /** Threads that share an op. Default 0: one per physical core, or per core available to the process if there are fewer. */
  readonly threads?: number | undefined;
}

/**
 * Runs graphs on ONNX Runtime, in a separate thread.
 *
 * @example
 * const engine = new OnnxEngine();
 * const executable = await engine.prepare({ outputs: { y }, updates: new Map() });
 * const { y } = await executable.run({ x: Float32Array.of(1, 2) });
 */
export class OnnxEngine extends ThreadEngine<PreparedProgram> {
  /** Resolved before the worker starts. */
  private chosen: Provider | undefined;
  private readonly threads: number;
  private made: readonly OnnxEngine[] | undefined;

  constructor({ provider = "cpu", threads = 0 }: OnnxEngineOptions = {}) {
    if (!providerChoices.includes(provider)) {
      throw new RangeError(`provider "${String(provider)}" is not one of ${providerChoices.join(", ")}`);
    }
    super(new URL("./worker.js", import.meta.url));
    this.chosen = provider === "auto" ? undefined : provider;
    this.threads = threadsFor(threads);
  }

  override get lanes(): readonly OnnxEngine[] {
    if (this.chosen !== "cpu") return [];
    const count = Math.min(this.threads || availableParallelism(), mostLanes);
    return (this.made ??= count < 2 ? [] : Array.from({ length: count }, () => new OnnxEngine({ threads: 1 })));
  }

  override async close(): Promise<void> {
    await Promise.all((this.made ?? []).map((lane) => lane.close()));
    await super.close();
  }

  /** Where ops run: the requested provider, or the one that "auto" has found. */
  async provider(): Promise<Provider> {
    return (this.chosen ??= await chooseProvider());
  }

  async describe(): Promise<EngineDescription> {
    return { engine: "onnx", provider: await this.provider() };
  }

  protected override thread(data: ThreadData<unknown>): EngineThread {
    return new FlushingThread(this.program, data);
  }

  protected override ready(): Promise<unknown> {
    return this.provider();
  }

  protected override settings(): SessionSettings {
    return { provider: this.chosen!, threads: this.threads };
  }

  async prepare(program: Program, { frozen: freeze = false }: Usage = {}): Promise<Executable> {
    const provider = await this.provider();
    // State on a device is updated there, neither by the host nor in place: a WebGPU buffer that an op both reads and writes
    // keeps its old content, without an error.
    const { program: lowered, rowWrites } = keepsState(provider) ? { program, rowWrites: [] } : splitRowWrites(program);
    const inPlace = keepsState(provider) ? new Set() : updatesInPlace(lowered);
    const constants = freeze && provider === "cpu" ? frozenState(program) : new Set<string>();
    const { model, inputs, states, frozen } = lower(lowered, provider, constants);
    const prepared: PreparedProgram = {
      model,
      inputs: inputs.map((leaf) => describe(leaf.attributes.name, leaf)),
      states: states.map((leaf) => describe(leaf.attributes.name, leaf)),
      frozen: frozen.map((leaf) => describe(leaf.attributes.name, leaf)),
      outputs: Object.entries(program.outputs).map(([name, value]) => describe(name, value)),
      updates: [...lowered.updates].map(([name, value]) => ({ ...describe(name, value), inPlace: inPlace.has(name) })),
      rowWrites,
    };
    return this.executable(await this.onDevice(this.call("prepare", prepared)));
  }

  /** Explains in the error that the chosen provider does not work here. */
  protected override async onDevice<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (this.chosen === "cpu" || this.hasFailed) throw error;
      throw new InputError(
        `provider: found ${this.chosen}, which does not work here (${failureIn((error as Error).message)}), expected one of ` +
          `${providers.join(", ")} that does; cpu always does`,
        { cause: error },
      );
    }
  }
}

function describe(name: string, { dtype, shape }: Value): Leaf {
  return { name, dtype, shape };
}

import { Worker } from "node:worker_threads";
import { InputError } from "../../base/errors.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import type { Engine, Executable, Feeds, Program, State } from "../engine.js";
import { updatesInPlace } from "../in-place.js";
import { Gate } from "./gate.js";
import { lower } from "./lower.js";
import { chooseProvider } from "./choose-provider.js";
import { failureIn, keepsState, providerChoices, providers, type Provider, type ProviderChoice } from "./providers.js";
import { splitRowWrites } from "./row-writes.js";
import type { Calls, Leaf, PreparedProgram, Request, Response, WorkerData } from "./protocol.js";

export interface OnnxEngineOptions {
  /** Where ops run; "auto" is what {@link chooseProvider} finds. Default "cpu". */
  readonly provider?: ProviderChoice;
  /** Threads that share an op. Default 0: one for each physical core. */
  readonly threads?: number;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The gates of the engines that are open. The process must not end inside of their runs. */
const open = new Set<Gate>();
process.on("exit", () => {
  for (const gate of open) gate.shut();
  for (const gate of open) gate.waitUntilEmpty();
});

/**
 * Runs graphs on ONNX Runtime, in a thread of its own.
 *
 * @example
 * const engine = new OnnxEngine();
 * const executable = await engine.prepare({ outputs: { y }, updates: new Map() });
 * const { y } = await executable.run({ x: Float32Array.of(1, 2) });
 */
export class OnnxEngine implements Engine {
  /** Started by the first call: a thread that is ended while it loads onnxruntime aborts the process. */
  private worker: Worker | undefined;
  private readonly gate = new Gate();
  private readonly waiting = new Map<number, Waiting>();
  /** Settles after everything that was asked for. */
  private last: Promise<unknown> = Promise.resolve();
  private calls = 0;
  private failure: Error | undefined;
  /** Known before the worker is started. */
  private chosen: Provider | undefined;
  private readonly threads: number;

  constructor({ provider = "cpu", threads = 0 }: OnnxEngineOptions = {}) {
    if (!providerChoices.includes(provider)) {
      throw new RangeError(`provider "${String(provider)}" is not one of ${providerChoices.join(", ")}`);
    }
    this.chosen = provider === "auto" ? undefined : provider;
    this.threads = threads;
  }

  /** Where ops run: the provider that was asked for, or what "auto" has found. */
  async provider(): Promise<Provider> {
    return (this.chosen ??= await chooseProvider());
  }

  async createState(tensors: Iterable<readonly [string, Tensor]> | AsyncIterable<readonly [string, Tensor]>): Promise<State> {
    await this.provider();
    const id = await this.call("createState");
    const state = new OnnxState(id, [], this);
    const moves = Symbol.asyncIterator in tensors;
    try {
      for await (const [name, tensor] of tensors) {
        await this.onDevice(this.post("writeState", [id, name, tensor], moves ? [tensor.data.buffer as ArrayBuffer] : []));
        state.names.push(name);
      }
    } catch (error) {
      await state.free();
      throw error;
    }
    return state;
  }

  async prepare(program: Program): Promise<Executable> {
    const provider = await this.provider();
    // What lies on a device is changed there, and neither by the host nor in place: a WebGPU buffer that an op reads
    // and writes keeps what it had, without an error.
    const { program: lowered, rowWrites } = keepsState(provider) ? { program, rowWrites: [] } : splitRowWrites(program);
    const inPlace = keepsState(provider) ? new Set() : updatesInPlace(lowered);
    const { model, inputs, states } = lower(lowered, provider);
    const prepared: PreparedProgram = {
      model,
      inputs: inputs.map((leaf) => describe(leaf.attributes.name, leaf)),
      states: states.map((leaf) => describe(leaf.attributes.name, leaf)),
      outputs: Object.entries(program.outputs).map(([name, value]) => describe(name, value)),
      updates: [...lowered.updates].map(([name, value]) => ({ ...describe(name, value), inPlace: inPlace.has(name) })),
      rowWrites,
    };
    const id = await this.onDevice(this.call("prepare", prepared));
    return {
      run: (feeds: Feeds, bound: readonly State[] = []) =>
        this.call("run", id, feeds, bound.map((state) => (state as OnnxState).id)),
      release: () => this.call("release", id),
    };
  }

  /** What needs the provider to work, with an error that says so. */
  private async onDevice<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (this.chosen === "cpu" || this.failure) throw error;
      throw new InputError(
        `provider: found ${this.chosen}, which does not work here (${failureIn((error as Error).message)}), expected one of ` +
          `${providers.join(", ")} that does; cpu always does`,
        { cause: error },
      );
    }
  }

  /** Ends the engine after the run that is on; what waits behind it is rejected. */
  async close(): Promise<void> {
    this.failure ??= new Error("the engine is closed");
    this.gate.shut();
    await this.last;
    await this.worker?.terminate();
    this.fail(this.failure);
  }

  /** @internal */
  call<K extends keyof Calls>(call: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    return this.post(call, args, []);
  }

  /** @param moved memory of the arguments that is given away */
  private post<K extends keyof Calls>(call: K, args: Parameters<Calls[K]>, moved: ArrayBuffer[]): Promise<ReturnType<Calls[K]>> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.calls;
    const answer = new Promise<ReturnType<Calls[K]>>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker ??= this.startWorker();
      this.worker.ref();
      this.worker.postMessage({ id, call, args } satisfies Request<K>, moved);
    });
    // The worker answers in order.
    this.last = answer.catch(() => {});
    return answer;
  }

  private startWorker(): Worker {
    const workerData: WorkerData = { settings: { provider: this.chosen!, threads: this.threads }, gate: this.gate.shared };
    // Not the process's own flags: `--input-type`, say, would keep the worker from starting.
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
    open.add(this.gate);
    worker.on("message", (response: Response) => this.settle(response));
    worker.on("error", (error) => this.fail(error));
    worker.on("exit", () => {
      open.delete(this.gate);
      this.fail(new Error("the engine is closed"));
    });
    // An idle engine does not keep the process alive; one with work to do does (see `call`).
    worker.unref();
    return worker;
  }

  private settle(response: Response): void {
    const { resolve, reject } = this.waiting.get(response.id)!;
    this.waiting.delete(response.id);
    if (this.waiting.size === 0) this.worker!.unref();
    if ("error" in response) reject(new Error(response.error));
    else resolve(response.result);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

class OnnxState implements State {
  constructor(
    readonly id: number,
    readonly names: string[],
    private readonly engine: OnnxEngine,
  ) {}

  async read(names: readonly string[] = this.names): Promise<Map<string, Tensor>> {
    return new Map(await this.engine.call("readState", this.id, names));
  }

  async free(): Promise<void> {
    await this.engine.call("freeState", this.id);
  }
}

function describe(name: string, { dtype, shape }: Value): Leaf {
  return { name, dtype, shape };
}

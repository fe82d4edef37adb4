import { Worker } from "node:worker_threads";
import { InputError } from "../../base/errors.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Engine, EngineDescription, Executable, Feeds, Program, State, Usage } from "../engine.js";
import { outOfMemory } from "../out-of-memory.js";
import type { Calls, Request, Response, ThreadData } from "./calls.js";
import { Gate } from "./gate.js";
import { openGates } from "./open-gates.js";

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The part of a worker's interface that an engine needs. */
export interface EngineThread extends Pick<Worker, "postMessage" | "ref" | "unref" | "terminate"> {
  on(event: "message", listener: (response: Response) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: (exitCode: number) => void): unknown;
}

/** An engine that runs graphs in a separate thread, so that the event loop stays free; see {@link serve} for the other side. */
export abstract class ThreadEngine<Prepared> implements Engine {
  /** Started by the first call: ending a thread while it loads native code aborts the process. */
  private worker: EngineThread | undefined;
  private readonly gate = new Gate();
  private readonly waiting = new Map<number, Waiting>();
  /** Settles after all calls so far. */
  private last: Promise<unknown> = Promise.resolve();
  private calls = 0;
  private heldBytes = 0;
  private failure: Error | undefined;

  /** @param program the thread's script, which calls {@link serve} */
  protected constructor(protected readonly program: URL) {}

  /** Settings passed to the thread when it starts. */
  protected abstract settings(): unknown;

  /** Resolves what must be known before the thread starts. */
  protected async ready(): Promise<unknown> {
    return undefined;
  }

  /** Starts the thread. */
  protected thread(data: ThreadData<unknown>): EngineThread {
    // Without the process's own flags: `--input-type`, for example, would prevent the worker from starting.
    return new Worker(this.program, { workerData: data, execArgv: [] });
  }

  /** Lets subclasses extend the error of a call that needs the device. */
  protected onDevice<T>(answer: Promise<T>): Promise<T> {
    return answer;
  }

  /** Whether the engine is closed, or its thread has ended. */
  protected get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  get stateBytes(): number {
    return this.heldBytes;
  }

  get lanes(): readonly Engine[] {
    return [];
  }

  abstract describe(): Promise<EngineDescription>;

  abstract prepare(program: Program, usage?: Usage): Promise<Executable>;

  async createState(
    tensors: Iterable<readonly [string, Tensor]> | AsyncIterable<readonly [string, Tensor]>,
  ): Promise<State> {
    await this.ready();
    const id = await this.call("createState");
    const state = new ThreadState(id, this);
    const moves = Symbol.asyncIterator in tensors;
    try {
      for await (const [name, tensor] of tensors) {
        const bytes = tensor.data.byteLength;
        await this.onDevice(
          this.post("writeState", [id, name, tensor], moves ? [tensor.data.buffer as ArrayBuffer] : []),
        );
        state.add(name, bytes);
      }
    } catch (error) {
      await state.free();
      throw error;
    }
    return state;
  }

  /** Closes the engine after the current run; queued calls are rejected. */
  async close(): Promise<void> {
    this.failure ??= new Error("the engine is closed");
    this.gate.shut();
    await this.last;
    await this.worker?.terminate();
    this.fail(this.failure);
  }

  /** The program that the thread prepared under this number. */
  protected executable(id: number): Executable {
    return {
      run: (feeds: Feeds, bound: readonly State[] = []) =>
        this.call(
          "run",
          id,
          feeds,
          bound.map((state) => (state as ThreadState).id),
        ),
      release: () => this.call("release", id),
    };
  }

  /** @internal */
  countState(bytes: number): void {
    this.heldBytes += bytes;
  }

  /** @internal */
  call<K extends keyof Calls<Prepared>>(
    call: K,
    ...args: Parameters<Calls<Prepared>[K]>
  ): Promise<ReturnType<Calls<Prepared>[K]>> {
    return this.post(call, args, []);
  }

  /** @param moved memory of the arguments that is transferred */
  private post<K extends keyof Calls<Prepared>>(
    call: K,
    args: Parameters<Calls<Prepared>[K]>,
    moved: ArrayBuffer[],
  ): Promise<ReturnType<Calls<Prepared>[K]>> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.calls;
    const answer = new Promise<ReturnType<Calls<Prepared>[K]>>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker ??= this.startWorker();
      this.worker.ref();
      this.worker.postMessage({ id, call, args } satisfies Request, moved);
    });
    // The worker answers in order.
    this.last = answer.catch(() => {});
    return answer;
  }

  private startWorker(): EngineThread {
    const worker = this.thread({ settings: this.settings(), gate: this.gate.shared });
    openGates.add(this.gate);
    worker.on("message", (response) => this.settle(response));
    worker.on("error", (error) => this.fail(error));
    worker.on("exit", () => {
      openGates.delete(this.gate);
      this.fail(new Error("the engine is closed"));
    });
    // An idle engine does not keep the process alive; one with work to do does (see `call`).
    worker.unref();
    return worker;
  }

  private settle(response: Response): void {
    // A response may still arrive after an error of the thread, which has settled all calls.
    const { resolve, reject } = this.waiting.get(response.id) ?? { resolve() {}, reject() {} };
    this.waiting.delete(response.id);
    if (this.waiting.size === 0) this.worker!.unref();
    if ("error" in response)
      reject(
        response.isInputError
          ? new InputError(response.error)
          : (outOfMemory(response.error) ?? new Error(response.error)),
      );
    else resolve(response.result);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

class ThreadState implements State {
  readonly names: string[] = [];
  private bytes = 0;

  constructor(
    readonly id: number,
    private readonly engine: ThreadEngine<never>,
  ) {}

  /** Records the size of a written tensor. */
  add(name: string, bytes: number): void {
    this.names.push(name);
    this.bytes += bytes;
    this.engine.countState(bytes);
  }

  async read(names: readonly string[] = this.names): Promise<Map<string, Tensor>> {
    return new Map(await this.engine.call("readState", this.id, names));
  }

  async free(): Promise<void> {
    this.engine.countState(-this.bytes);
    this.bytes = 0;
    await this.engine.call("freeState", this.id);
  }
}

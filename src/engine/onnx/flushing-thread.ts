import { EventEmitter } from "node:events";
import { MessageChannel, Worker, type Transferable } from "node:worker_threads";
import type { ThreadData } from "../thread/calls.js";
import { Gate } from "../thread/gate.js";
import { openGates } from "../thread/open-gates.js";
import type { EngineThread } from "../thread/thread-engine.js";
import type { SpawnerEvent, SpawnerRequest } from "./flushing-spawner.js";

/**
 * A thread in which subnormal floats are flushed to 0, wherever ops run on it.
 *
 * A softmax produces such floats where a mask hides something, and arithmetic on one takes a processor a hundred times as long:
 * they took a third of scoring time. onnxruntime can disable them, but does so only in the thread that creates a process's first
 * session, and in those that share its ops. A thread inherits the floating-point environment of the one that starts it
 * (pthread_create(3)), so all engines' threads are started by a thread that has created that session.
 */
export class FlushingThread extends EventEmitter implements EngineThread {
  private readonly port;
  private readonly id = ++started;
  private exitCode: number | undefined;

  /** @param program of the thread, which receives its port in {@link ThreadData} */
  constructor(program: URL, data: ThreadData<unknown>) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.port.on("message", (message) => this.emit("message", message));
    running.set(this.id, this);
    spawner ??= startSpawner();
    ask({ start: this.id, program: program.href, data: { ...data, port: port2 } }, [port2]);
  }

  postMessage(message: unknown, moved: readonly Transferable[] = []): void {
    this.port.postMessage(message, moved);
  }

  ref(): void {
    this.port.ref();
  }

  unref(): void {
    this.port.unref();
  }

  async terminate(): Promise<number> {
    if (this.exitCode !== undefined) return this.exitCode;
    const ended = new Promise<number>((resolve) => this.once("exit", resolve));
    ask({ end: this.id });
    // The process stays alive until the last ending thread has answered.
    if (++ending === 1) spawner!.ref();
    const exitCode = await ended;
    if (--ending === 0) spawner?.unref();
    return exitCode;
  }

  /** Handles an event of the thread. */
  hear(event: SpawnerEvent): void {
    if ("error" in event) this.emit("error", event.error);
    else this.end(event.exitCode);
  }

  private end(exitCode: number): void {
    running.delete(this.id);
    this.port.close();
    this.exitCode = exitCode;
    this.emit("exit", exitCode);
  }
}

let started = 0;
/** Number of threads that {@link FlushingThread.terminate} is waiting for. */
let ending = 0;
let spawner: Worker | undefined;
const running = new Map<number, FlushingThread>();

function ask(request: SpawnerRequest, moved: readonly Transferable[] = []): void {
  spawner!.postMessage(request, moved);
}

function startSpawner(): Worker {
  const gate = new Gate();
  // Without the process's own flags: `--input-type`, for example, would prevent the thread from starting.
  const worker = new Worker(new URL("./flushing-spawner.js", import.meta.url), {
    workerData: gate.shared,
    execArgv: [],
  });
  openGates.add(gate);
  worker.on("message", (event: SpawnerEvent) => running.get(event.id)?.hear(event));
  worker.on("error", (error) => {
    for (const id of running.keys()) running.get(id)!.hear({ id, error });
  });
  worker.on("exit", (exitCode) => {
    spawner = undefined;
    openGates.delete(gate);
    for (const id of running.keys()) running.get(id)!.hear({ id, exitCode });
  });
  worker.unref();
  return worker;
}

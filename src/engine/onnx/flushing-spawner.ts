import { parentPort, Worker, workerData, type MessagePort } from "node:worker_threads";
import { add, Graph } from "../../graph/index.js";
import type { ThreadData } from "../thread/calls.js";
import { Gate } from "../thread/gate.js";
import { lower } from "./lower.js";

/** A thread to start or end, by its number. */
export type SpawnerRequest =
  | {
      readonly start: number;
      readonly program: string;
      readonly data: ThreadData<unknown> & { readonly port: MessagePort };
    }
  | { readonly end: number };

/** An event of a thread. */
export type SpawnerEvent =
  | { readonly id: number; readonly error: Error }
  | { readonly id: number; readonly exitCode: number };

/* The thread that starts the engines' threads, after subnormal floats are flushed to 0 in it: see FlushingThread. */

const port = parentPort!;
const threads = new Map<number, Worker>();
const tell = (event: SpawnerEvent) => port.postMessage(event);

await new Gate(workerData as Int32Array<SharedArrayBuffer>).pass(async () => {
  // Imported within the gate, as in worker.ts.
  const { InferenceSession } = await import("onnxruntime-node");
  const { model } = lower(
    { outputs: { y: add(new Graph().input("x", "float32", [1]), 1) }, updates: new Map() },
    "cpu",
  );
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: "1" } },
  });
  await session.release();
});

port.on("message", (request: SpawnerRequest) => {
  if ("end" in request) return void threads.get(request.end)?.terminate();
  const { start: id, program, data } = request;
  const thread = new Worker(new URL(program), { workerData: data, transferList: [data.port], execArgv: [] });
  threads.set(id, thread);
  thread.on("error", (error) => tell({ id, error }));
  thread.on("exit", (exitCode) => {
    threads.delete(id);
    tell({ id, exitCode });
  });
});

import { parentPort, workerData } from "node:worker_threads";
import { InputError } from "../../base/errors.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Calls, Request, Response, ThreadData } from "./calls.js";
import { Gate } from "./gate.js";

/** A thread's handler for each call. */
export type Handlers<Prepared> = {
  [K in keyof Calls<Prepared>]: (
    ...args: Parameters<Calls<Prepared>[K]>
  ) => ReturnType<Calls<Prepared>[K]> | Promise<ReturnType<Calls<Prepared>[K]>>;
};

/**
 * Answers an engine's calls in this thread, one after the other: a run must not see a state that another is about to change.
 *
 * @param begin creates the handlers at the first call; if it throws, that call is answered with the error and the next one tries
 *   again
 */
export function serve<Settings, Prepared>(
  begin: (settings: Settings, gate: Gate) => Promise<Handlers<Prepared>>,
): void {
  const { settings, gate: shared, port = parentPort! } = workerData as ThreadData<Settings>;
  const gate = new Gate(shared);
  let handlers: Handlers<Prepared> | undefined;
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, call, args }: Request) => {
    last = last.then(async () => {
      try {
        const result = await gate.pass(async () => {
          handlers ??= await begin(settings, gate);
          const handle = handlers[call] as (...args: readonly unknown[]) => unknown;
          return handle(...args);
        });
        const buffers = typeof result === "object" ? buffersOf(result) : [];
        port.postMessage({ id, result } satisfies Response, buffers);
      } catch (error) {
        port.postMessage({
          id,
          error: (error as Error).message,
          isInputError: error instanceof InputError,
        } satisfies Response);
      }
    });
  });
}

function buffersOf(result: unknown): ArrayBuffer[] {
  const tensors = Array.isArray(result) ? result.map(([, tensor]) => tensor) : Object.values(result ?? {});
  return (tensors as Tensor[]).map(({ data }) => data.buffer as ArrayBuffer);
}

import type { Method } from "./method.js";
import { StageCalls } from "./stage-calls.js";
import type { Stages } from "./stages.js";

/**
 * Calls the `run` of a method. When this settles, no stage is running any more.
 *
 * @param left aborts stages that are still running once `run` has ended
 * @throws InputError if `run` returns without awaiting a stage; the signal's reason if a stage was aborted
 */
export async function runMethod(method: Method, stages: Stages, left: AbortController): Promise<void> {
  const calls = new StageCalls(method.name);
  try {
    await method.run(calls.counted(stages));
    calls.requireAwaited();
    const { signal } = stages;
    // A method that catches the abort of a stage has not finished either.
    if (signal?.aborted && calls.failedWith(signal.reason)) throw signal.reason;
  } finally {
    left.abort();
    await calls.end();
  }
}

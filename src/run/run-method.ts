import { InputError, quote } from "../base/errors.js";
import { callOwn, interruptGrace } from "../base/own-function.js";
import { isBuiltIn, type Method } from "./method.js";
import { StageCalls } from "./stage-calls.js";
import type { Stages } from "./stages.js";

/**
 * Calls the `run` of a method. When this settles, no stage is running any more.
 *
 * @param left aborts stages that are still running once `run` has ended
 * @throws InputError if `run` returns without awaiting a stage, or its own code throws; the errors of stages as they
 *   are; the signal's reason if the run was aborted
 */
export async function runMethod(method: Method, stages: Stages, left: AbortController): Promise<void> {
  const calls = new StageCalls(method.name);
  const { signal } = stages;
  const run = async () => method.run(calls.counted(stages));
  try {
    if (isBuiltIn(method)) await run();
    else await runOwn(method.name, run, calls, signal);
    calls.requireAwaited();
    // A method that catches the abort of a stage has not finished either.
    if (signal?.aborted && calls.failedWith(signal.reason)) throw signal.reason;
  } finally {
    left.abort();
    await calls.end();
  }
}

/** Calls the `run` of a user's method: no error is wrapped that comes from a stage. */
async function runOwn(
  name: string,
  run: () => Promise<void>,
  calls: StageCalls,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await callOwn(`the method ${quote(name)}: its run`, run, { signal, grace: interruptGrace });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw cause instanceof InputError || (cause instanceof Error && calls.failedWith(cause)) ? cause : error;
  }
}

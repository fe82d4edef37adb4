import { createEngine } from "../engine/create-engine.js";
import { ProgramCache } from "../engine/program-cache.js";
import { Progress } from "../progress/progress.js";
import { Interrupted } from "./interrupted.js";
import type { EngineArguments } from "./options.js";

/** Context of a verb: where to show progress, and a signal that the user can trigger. */
export interface WatchedSession {
  /** Runs the work before the first result; during it, a signal ends the process at once, because nothing is lost. */
  readonly prepare: <T>(work: () => Promise<T>) => Promise<T>;
  readonly reporter: Progress;
  readonly signal: AbortSignal;
}

/** The same with an engine, for a verb that runs a model. */
export interface CommandSession extends WatchedSession {
  readonly programs: ProgramCache;
}

/** How to continue a verb that has `--resume`. */
const withResume = "run the command again with --resume to continue";

/** How to continue a verb that continues by itself. */
export const continues = "run the same command again to continue";

/** Gives a verb its engine and closes it afterwards. Signals are as in {@link withSignals}. */
export async function withSession<T>(
  { engine: name, provider, threads, backend, quiet }: EngineArguments,
  verb: (session: CommandSession) => Promise<T>,
  advice = withResume,
): Promise<T> {
  const engine = createEngine({ engine: name, provider, threads, backend });
  try {
    return await withSignals(quiet, advice, (session) => verb({ ...session, programs: new ProgramCache(engine) }));
  } finally {
    await engine.close();
  }
}

/**
 * Runs a verb that can be stopped: the first Ctrl-C (or SIGTERM) lets the work stop at a point where nothing is lost;
 * the second ends the process at once.
 *
 * @param advice how the user can then continue
 */
export async function withSignals<T>(
  quiet: boolean,
  advice: string,
  verb: (session: WatchedSession) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let preparing = false;
  const stop = (exitCode: number) => () => {
    if (preparing || abort.signal.aborted) process.exit(exitCode);
    abort.abort(new Interrupted(exitCode, advice));
  };
  const handlers = [
    ["SIGINT", stop(130)],
    ["SIGTERM", stop(143)],
  ] as const;
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    return await verb({
      prepare: async (work) => {
        preparing = true;
        return work().finally(() => (preparing = false));
      },
      reporter: new Progress(process.stderr, quiet),
      signal: abort.signal,
    });
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}

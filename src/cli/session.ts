import { ProgramCache } from "../engine/program-cache.js";
import { OnnxEngine } from "../engine/onnx/engine.js";
import { Progress } from "../progress/progress.js";
import type { EngineArguments } from "./options.js";

/** What a verb works with: an engine, where to show progress, and a signal that the user can give. */
export interface CommandSession {
  /** Does what comes before the first result: nothing is lost by a signal then, and it ends the process at once. */
  readonly prepare: <T>(work: () => Promise<T>) => Promise<T>;
  readonly programs: ProgramCache;
  readonly reporter: Progress;
  readonly signal: AbortSignal;
}

/** Why a signal stopped the work; the process ends with 128 + the signal's number. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(readonly exitCode: number) {
    super("interrupted");
  }
}

/**
 * Gives a verb its engine and closes it afterwards. The first Ctrl-C (or SIGTERM) lets the work
 * stop where nothing is lost; the second ends the process at once.
 */
export async function withSession<T>(
  { provider, threads, quiet }: EngineArguments,
  verb: (session: CommandSession) => Promise<T>,
): Promise<T> {
  const engine = new OnnxEngine({ provider, threads });
  const abort = new AbortController();
  let preparing = false;
  const stop = (exitCode: number) => () => {
    if (preparing || abort.signal.aborted) process.exit(exitCode);
    abort.abort(new Interrupted(exitCode));
  };
  const handlers = [["SIGINT", stop(130)], ["SIGTERM", stop(143)]] as const;
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    return await verb({
      prepare: async (work) => {
        preparing = true;
        return work().finally(() => (preparing = false));
      },
      programs: new ProgramCache(engine),
      reporter: new Progress(process.stderr, quiet),
      signal: abort.signal,
    });
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
    await engine.close();
  }
}

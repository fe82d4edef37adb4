import { setMaxListeners } from "node:events";
import { InputError } from "./errors.js";

/** When a function of the user's own is no longer waited for. */
export interface Patience {
  /** Once it aborts, what was called is not waited for, and its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for which it is waited for after that. Default 0. */
  readonly grace?: number | undefined;
}

/** Milliseconds within which interrupted work ends that should not be left: a paid request, whose answer is kept, or a pass through the model. */
export const interruptGrace = 6000;

/**
 * Calls a function of the user's own, synchronous or not. What it throws becomes an error that names the function, with
 * the original as its cause; an abort stays an abort.
 *
 * @param what the function, as messages call it: `labelBy: the labeller "shortest"`
 * @throws InputError if it throws; the signal's reason where it has not ended by then
 */
export function callOwn<T>(what: string, call: () => T, patience: Patience = {}): T {
  const { signal } = patience;
  const fail = (error: unknown): never => {
    if (error instanceof Error && error.name === "AbortError") throw error;
    if (signal?.aborted && error === signal.reason) throw error;
    throw new InputError(
      `${what} threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
      { cause: error },
    );
  };
  try {
    const result = call();
    // A promise of T is what T is here.
    return result instanceof Promise ? (untilAbort(result, patience).catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}

/**
 * Asks a part of the user's own, such as a judge, about one of many things. An error of the user's input is told with where
 * it belongs, what else it throws as by {@link callOwn}.
 *
 * @param at where it belongs, to begin a message with: `row "7": `; empty where errors of the input say it themselves
 * @param who is asked, as messages call it: `the judge "mine"`
 */
export async function askOwn<T>(at: string, who: string, ask: () => T | Promise<T>, patience: Patience): Promise<T> {
  try {
    return await callOwn(`${at}${who}`, ask, patience);
  } catch (error) {
    const cause = error instanceof InputError ? error.cause : undefined;
    if (!(cause instanceof InputError)) throw error;
    throw at === "" ? cause : new InputError(`${at}${cause.message}`, { cause });
  }
}

/** A promise, or the reason of the signal where it has not settled by the end of the grace. */
function untilAbort<T>(promise: Promise<T>, { signal, grace = 0 }: Patience): Promise<T> {
  if (!signal) return promise;
  // As many listen as are asked at the same time, and each of them stops: that is no leak to be warned of.
  setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    // A promise that settles because of the interruption takes precedence.
    const follow = () => void (timer = setTimeout(() => reject(signal.reason as Error), grace));
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", follow);
    });
  });
}

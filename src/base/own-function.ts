import { setMaxListeners } from "node:events";
import { InputError } from "./errors.js";

/** How long to wait for a user-defined function. */
export interface Patience {
  /** After it aborts, the call is no longer awaited, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to keep waiting after the abort. Default 0. */
  readonly grace?: number | undefined;
}

/**
 * Milliseconds given to interrupted work that should still finish: a paid request, whose answer is cached, or a pass
 * through the model.
 */
export const interruptGrace = 6000;

/**
 * Calls a user-defined function, synchronous or not. An error that it throws is wrapped in one that names the function,
 * with the original as its cause; an abort stays an abort.
 *
 * @param what name of the function in messages: `labelBy: the labeller "shortest"`
 * @throws InputError if it throws; the signal's reason if it has not ended by then
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
    // Here T itself is a promise type.
    return result instanceof Promise ? (untilAbort(result, patience).catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}

/**
 * Calls a user-defined component, such as a judge, for one of many items. An InputError that it throws gets the item's
 * location as a prefix; other errors are handled as by {@link callOwn}.
 *
 * @param at location of the item, as a prefix for messages: `row "7": `; empty if input errors already include it
 * @param who name of the component in messages: `the judge "mine"`
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

/** Returns the promise, or a rejection with the signal's reason if it has not settled by the end of the grace period. */
export function untilAbort<T>(promise: Promise<T>, { signal, grace = 0 }: Patience): Promise<T> {
  if (!signal) return promise;
  // Each concurrent call adds a listener and removes it again, so Node need not warn of a leak.
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

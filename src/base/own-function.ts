import { InputError } from "./errors.js";

/**
 * Calls a function of the user's own, synchronous or not. What it throws becomes an error that names the function, with
 * the original as its cause; an abort stays an abort.
 *
 * @param what the function, as messages call it: `labelBy: the labeller "shortest"`
 * @throws InputError where it throws
 */
export function callOwn<T>(what: string, call: () => T): T {
  const fail = (error: unknown): never => {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new InputError(
      `${what} threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
      { cause: error },
    );
  };
  try {
    const result = call();
    // A promise of T is what T is here.
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}

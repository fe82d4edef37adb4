import { setTimeout } from "node:timers/promises";
import type { Random } from "../random.js";
import { RequestFailure } from "./failure.js";

/** The longest delay that a server may ask for, in seconds; a longer one fails. */
const longestWait = 120;

/**
 * Retries an operation up to `retries` times until it succeeds or fails permanently. Waits as long as the server asks, or
 * else 1, 2, 4 … s, at most 60, shortened at random by up to half, so that requests refused together do not return together.
 *
 * @throws RequestFailure the last failure; the signal's reason
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  {
    retries,
    random,
    signal,
  }: { readonly retries: number; readonly random: Random; readonly signal: AbortSignal | undefined },
): Promise<T> {
  for (let failed = 1; ; failed++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RequestFailure) || !error.transient || failed > retries || (error.wait ?? 0) > longestWait)
        throw tried(error, failed);
      const seconds = error.wait ?? Math.min(60, 2 ** (failed - 1)) * (1 - random.uniform() / 2);
      await setTimeout(1000 * seconds, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

function tried(error: unknown, times: number): unknown {
  if (!(error instanceof RequestFailure) || times === 1) return error;
  return new RequestFailure(`${error.message} (tried ${times} times)`, error);
}

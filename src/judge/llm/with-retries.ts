import { setTimeout } from "node:timers/promises";
import type { Random } from "../../base/random.js";
import { RequestFailure } from "./failure.js";

/** The longest wait that a server may ask for, in seconds; one that asks for more is left to the user. */
const longestWait = 120;

/**
 * Does something until it succeeds, or fails for good, or has been done `retries` times more. Waits as long as the
 * server asks, or else 1, 2, 4 … s, at most 60, of which a random half is left out, so that those who were refused
 * together do not come back together.
 *
 * @throws RequestFailure the last one; the signal's reason
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, random, signal }: { readonly retries: number; readonly random: Random; readonly signal: AbortSignal | undefined },
): Promise<T> {
  for (let failed = 1; ; failed++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RequestFailure) || !error.transient || failed > retries || (error.wait ?? 0) > longestWait) throw tried(error, failed);
      const seconds = error.wait ?? Math.min(60, 2 ** (failed - 1)) * (1 - random.uniform() / 2);
      await setTimeout(1000 * seconds, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

function tried(error: unknown, times: number): unknown {
  if (!(error instanceof RequestFailure) || times === 1) return error;
  return new RequestFailure(`${error.message}, ${times} times`, error);
}

import { formatBytes } from "../base/byte-size.js";
import { InputError } from "../base/errors.js";

/** Engines' messages for a failed allocation. */
const failures = /failed to allocate memory|ran out of memory|bad[_ ]alloc|cuda.*out of memory/i;

/** How to use less memory; the names are those of run options. */
const advice =
  "lower `memory` (what is planned for), `microBatchSize` or `batchSize`, `samplingBatchSize` or `maxNewTokens`, cut the texts, or set `recompute`";

/** Translates an engine's out-of-memory message to an error; undefined for other messages. */
export function outOfMemory(message: string): InputError | undefined {
  if (!failures.test(message)) return undefined;
  const size = /buffer of size (\d+)/.exec(message)?.[1];
  const what = size === undefined ? "" : ` for ${formatBytes(Number(size))} more`;
  return new InputError(`out of memory: the engine finds no room${what}; ${advice}`, { cause: new Error(message) });
}

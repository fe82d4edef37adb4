import { formatBytes } from "../base/byte-size.js";
import { InputError } from "../base/errors.js";

/** What engines say where an allocation fails. */
const failures = /failed to allocate memory|ran out of memory|bad[_ ]alloc|cuda.*out of memory/i;

/** How to take less; names are those of the options of runs. */
const advice =
  "lower `memory` (what is planned for), `microBatchSize` or `batchSize`, `samplingBatchSize` or `maxNewTokens`, cut the texts, or set `recompute`";

/** The error to give for what an engine says, where it says that it lacks memory. */
export function outOfMemory(message: string): InputError | undefined {
  if (!failures.test(message)) return undefined;
  const size = /buffer of size (\d+)/.exec(message)?.[1];
  const what = size === undefined ? "" : ` for ${formatBytes(Number(size))} more`;
  return new InputError(`out of memory: the engine finds no room${what}; ${advice}`, { cause: new Error(message) });
}

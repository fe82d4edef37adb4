import { createHash } from "node:crypto";
import { cachedInFile } from "../base/cached-file.js";
import type { TaskOptions } from "../base/task.js";
import { pairLogProbs, type PairTokens, type PairValues, type Scorer } from "./log-ratios.js";

/**
 * {@link pairLogProbs} with a cache on disk: runs with the same reference and pairs, whatever their loss, β or seed,
 * compute them only once. Damaged files are recomputed and replaced; if one cannot be written, `task.onNote` is told.
 *
 * @param key identifies the model and the engine that it runs on; see `Policy.fingerprint`
 * @param folder folder of the cache; created if needed
 * @returns the log-probabilities, and the seconds that computing them took, now or when they were cached
 * @throws DivergenceError as {@link pairLogProbs}
 */
export async function cachedPairLogProbs(
  model: Scorer,
  key: string,
  pairs: readonly PairTokens[],
  folder: string,
  task: TaskOptions = {},
): Promise<{ readonly values: PairValues; readonly seconds: number }> {
  const isComplete = (values: unknown) =>
    Array.isArray(values) && values.length === pairs.length && values.every(Number.isFinite);
  const { value, seconds } = await cachedInFile(
    folder,
    fingerprintOf(key, pairs),
    ({ chosen, rejected }) => isComplete(chosen) && isComplete(rejected),
    async () => {
      const { chosen, rejected } = await pairLogProbs(model, pairs, task);
      return { chosen: [...chosen], rejected: [...rejected] };
    },
    task.onNote,
  );
  const { chosen, rejected } = value;
  return { values: { chosen: Float64Array.from(chosen), rejected: Float64Array.from(rejected) }, seconds };
}

/** Increment when a change to the computation changes the bytes of log-probabilities. */
const revision = 2;

function fingerprintOf(key: string, pairs: readonly PairTokens[]): string {
  const hash = createHash("sha256").update(`${revision} ${key}`);
  for (const { prompt, chosen, rejected } of pairs) {
    for (const tokens of [prompt, chosen, rejected]) hash.update(`${tokens.length} `).update(tokens);
  }
  return hash.digest("hex").slice(0, 32);
}

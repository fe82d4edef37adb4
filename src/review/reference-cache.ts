import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../base/files.js";
import type { TaskOptions } from "../base/task.js";
import { pairLogProbs, type PairTokens, type PairValues, type Scorer } from "./log-ratios.js";

/** Contents of a cache file. */
interface Kept {
  /** Fingerprint of model and pairs, as in the file's name. */
  readonly fingerprint: string;
  /** Seconds that computing them took. */
  readonly seconds: number;
  /** log π(y | x) of the chosen responses, in the order of the pairs. */
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/**
 * {@link pairLogProbs} with a cache on disk: runs with the same reference and pairs, whatever their loss, β or seed,
 * compute them only once. Damaged files are recomputed and replaced.
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
  const fingerprint = fingerprintOf(key, pairs);
  const file = join(folder, `${fingerprint}.json`);
  const kept = await readKept(file, fingerprint, pairs.length);
  if (kept)
    return {
      values: { chosen: Float64Array.from(kept.chosen), rejected: Float64Array.from(kept.rejected) },
      seconds: kept.seconds,
    };
  const begin = performance.now();
  const values = await pairLogProbs(model, pairs, task);
  const seconds = (performance.now() - begin) / 1000;
  await writeJson(file, {
    fingerprint,
    seconds,
    chosen: [...values.chosen],
    rejected: [...values.rejected],
  } satisfies Kept);
  return { values, seconds };
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

async function readKept(file: string, fingerprint: string, pairs: number): Promise<Kept | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as Partial<Kept> | null;
    const isWhole = (values: unknown) =>
      Array.isArray(values) && values.length === pairs && values.every(Number.isFinite);
    return kept?.fingerprint === fingerprint &&
      Number.isFinite(kept.seconds) &&
      isWhole(kept.chosen) &&
      isWhole(kept.rejected)
      ? (kept as Kept)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

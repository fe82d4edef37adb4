import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../base/files.js";
import type { TaskOptions } from "../base/task.js";
import type { Policy } from "../model/policy.js";
import { planScoring } from "../model/score.js";
import { pairLogProbs, pairSequences, type PairTokens, type PairValues } from "./log-ratios.js";

/** Contents of a cache file. */
interface Kept {
  /** Fingerprint of model, pairs and batch layout, as in the file's name. */
  readonly fingerprint: string;
  /** log π(y | x) of the chosen responses, in the order of the pairs. */
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/**
 * {@link pairLogProbs} with a cache on disk: runs with the same reference and pairs, whatever their loss, β or seed,
 * compute them only once. The key is a fingerprint of the model's parameters, the pairs' tokens and their layout in
 * batches, so that cached values are byte-identical to those computed here. Damaged files are recomputed and replaced.
 *
 * @param folder folder of the cache; created if needed
 * @throws DivergenceError as {@link pairLogProbs}
 */
export async function cachedPairLogProbs(
  policy: Policy,
  pairs: readonly PairTokens[],
  folder: string,
  work: TaskOptions = {},
): Promise<PairValues> {
  const fingerprint = await fingerprintOf(policy, pairs);
  const file = join(folder, `${fingerprint}.json`);
  const kept = await readKept(file, fingerprint, pairs.length);
  if (kept) return { chosen: Float64Array.from(kept.chosen), rejected: Float64Array.from(kept.rejected) };
  const { chosen, rejected } = await pairLogProbs(policy, pairs, work);
  await writeJson(file, { fingerprint, chosen: [...chosen], rejected: [...rejected] } satisfies Kept);
  return { chosen, rejected };
}

async function fingerprintOf(policy: Policy, pairs: readonly PairTokens[]): Promise<string> {
  const hash = createHash("sha256").update(await policy.fingerprint());
  for (const { prompt, chosen, rejected } of pairs) {
    for (const tokens of [prompt, chosen, rejected]) hash.update(`${tokens.length} `).update(tokens);
  }
  for (const batch of planScoring(policy.config, pairSequences(pairs))) hash.update(JSON.stringify(batch));
  return hash.digest("hex").slice(0, 32);
}

async function readKept(file: string, fingerprint: string, pairs: number): Promise<Kept | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as Partial<Kept> | null;
    const isWhole = (values: unknown) => Array.isArray(values) && values.length === pairs && values.every(Number.isFinite);
    return kept?.fingerprint === fingerprint && isWhole(kept.chosen) && isWhole(kept.rejected) ? (kept as Kept) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

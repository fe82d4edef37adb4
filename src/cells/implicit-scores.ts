import { InputError } from "../base/errors.js";
import { rewardShares } from "../data/goals.js";
import type { PreferencePair } from "../data/pair.js";
import type { EngineOptions } from "../engine/create-engine.js";
import { review, type ReviewedRow } from "./review.js";
import { Run } from "./run.js";

/**
 * Pairs whose scores are what a run's policy says of their responses, for goals without a judge: of each response the share
 * of all responses whose implicit reward, under the last iteration, is no larger than its own, in (0, 1]. Goals made of
 * these are tenths of that order (Zhang et al. 2024, arXiv 2410.08067, section 5, takes goals from DPO's implicit reward).
 * The order of chosen and rejected stays as it is.
 *
 * @example const augmented = goalConditioned(await implicitScores(dpo, pairs));
 * @throws InputError where it is given no run; as {@link review}
 */
export async function implicitScores(
  run: Run,
  pairs: readonly PreferencePair[],
  engine?: EngineOptions,
): Promise<PreferencePair[]> {
  if (!(run instanceof Run))
    throw new InputError("implicitScores: expected a run, such as `await align(start, pairs)`, as its first argument");
  const rows = (await review(run, pairs, engine)).objects() as ReviewedRow[];
  const last = rows.slice(-pairs.length);
  const shares = rewardShares(last.flatMap(({ chosenReward, rejectedReward }) => [chosenReward, rejectedReward]));
  return pairs.map((pair, i) => ({ ...pair, chosenScore: shares[2 * i]!, rejectedScore: shares[2 * i + 1]! }));
}

import { InputError } from "../base/errors.js";
import { rewardShares } from "../data/goals.js";
import type { PreferencePair } from "../data/pair.js";
import type { EngineOptions } from "../engine/create-engine.js";
import { review, type ReviewedRow } from "./review.js";
import { Run } from "./run.js";

/**
 * Scores pairs with a run's own policy, for goals without a judge. The score of a response is its quantile in (0, 1]:
 * the share of all responses whose implicit reward under the last iteration is no larger. Goals built from these scores
 * are deciles (Zhang et al. 2024, arXiv 2410.08067, section 5, derives goals from DPO's implicit reward). Chosen and
 * rejected are not swapped.
 *
 * @example const augmented = goalConditioned(await implicitScores(dpo, pairs));
 * @throws InputError if `run` is not a run, or as {@link review}
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

import type { PreferenceLoss } from "./losses/loss.js";
import type { HasImplicitReward } from "./losses/reward.js";
import type { Objective } from "./objective.js";
import { preference, type ReferencedPair } from "./preference.js";

/**
 * An objective over preference pairs that can replace a run's loss. It works on tokens and can train a head along with
 * the policy, whereas a {@link PreferenceLoss} is a function of the pairs' log-probabilities.
 *
 * It reads the reference if it has {@link Objective.withReferenceLogProbs}; review, labels and accuracy use its
 * `reward`.
 *
 * @example
 * // DPO with the length of the chosen responses as a metric.
 * const dpo = losses.dpo({ beta: 0.1 });
 * const base = preference(dpo);
 * const counted: PairObjective = {
 *   ...base, name: "counted-dpo", version: "1", beta: dpo.beta, reward: dpo.reward,
 *   metrics: (pairs, fetched) => ({ ...base.metrics(pairs, fetched), tokens: pairs.reduce((sum, { chosen }) => sum + chosen.response.length, 0) }),
 * };
 */
export interface PairObjective extends Objective<ReferencedPair>, HasImplicitReward {
  readonly version: string;
  /** Scale of the implicit reward. */
  readonly beta: number;
  /** Its other settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A loss or objective for training on preference pairs. */
export type PairLoss = PreferenceLoss | PairObjective;

/** Returns whether a loss is an objective. */
export function isPairObjective(loss: object): loss is PairObjective {
  return "build" in loss;
}

/** Returns the objective of training with a loss. */
export function objectiveOf(loss: PairLoss): Objective<ReferencedPair> {
  return isPairObjective(loss) ? loss : preference(loss);
}

import type { PreferenceLoss } from "./losses/loss.js";
import type { HasImplicitReward } from "./losses/reward.js";
import type { Objective } from "./objective.js";
import { preference, type ReferencedPair } from "./preference.js";

/**
 * An objective over preference pairs that stands where a run takes a loss. It sees single tokens, and can train a head
 * beside the policy, where a {@link PreferenceLoss} is a function of the pairs' log-probabilities.
 *
 * It reads the reference if it has {@link Objective.withReferenceLogProbs}; its `reward` is what review, labels and
 * accuracy go by.
 *
 * @example
 * // DPO whose metrics say how long the chosen responses are.
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

/** What preference pairs can be trained by. */
export type PairLoss = PreferenceLoss | PairObjective;

/** Whether a loss is an objective itself. */
export function isPairObjective(loss: object): loss is PairObjective {
  return "build" in loss;
}

/** What a training by a loss minimises. */
export function objectiveOf(loss: PairLoss): Objective<ReferencedPair> {
  return isPairObjective(loss) ? loss : preference(loss);
}

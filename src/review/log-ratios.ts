import { implicitReward, type HasImplicitReward } from "../align/losses/reward.js";
import { DivergenceError } from "../align/divergence.js";
import type { TaskOptions } from "../base/task.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { Policy } from "../model/policy/policy.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { responseLogProbs } from "../model/scoring/score.js";

/**
 * A model that scores sequences: a policy, or a function that returns log π(y | x) of each, summed over the response
 * tokens, in nats.
 */
export type Scorer = Policy | ((sequences: readonly TokenSequence[], task: TaskOptions) => Promise<Float64Array>);

/** One value for the chosen and one for the rejected response of each pair, in the order of the pairs. */
export interface PairValues {
  readonly chosen: Float64Array;
  readonly rejected: Float64Array;
}

/** The tokens of a pair. */
export type PairTokens = Pick<TokenizedPair, "prompt" | "chosen" | "rejected">;

/**
 * Computes log π(y | x) of both responses of each pair under a model.
 *
 * @throws DivergenceError as {@link finiteLogProbs}
 */
export async function pairLogProbs(
  model: Scorer,
  pairs: readonly PairTokens[],
  task: TaskOptions = {},
): Promise<PairValues> {
  const logProbs = await finiteLogProbs(model, pairSequences(pairs), task);
  return {
    chosen: Float64Array.from(pairs, (_, i) => logProbs[2 * i]!),
    rejected: Float64Array.from(pairs, (_, i) => logProbs[2 * i + 1]!),
  };
}

/** Returns the sequences of the pairs in scoring order: chosen, rejected, chosen, rejected … */
export function pairSequences(pairs: readonly PairTokens[]): TokenSequence[] {
  return pairs.flatMap(({ prompt, chosen, rejected }) => [
    { prompt, response: chosen },
    { prompt, response: rejected },
  ]);
}

/**
 * Scores sequences and checks that the scores are finite, because they are compared and sorted.
 *
 * @throws DivergenceError if one is NaN or infinite, because the policy's training diverged
 */
export async function finiteLogProbs(
  model: Scorer,
  sequences: readonly TokenSequence[],
  task: TaskOptions = {},
): Promise<Float64Array> {
  const logProbs = await (typeof model === "function"
    ? model(sequences, task)
    : responseLogProbs(model, sequences, task));
  const odd = logProbs.find((value) => !Number.isFinite(value));
  if (odd === undefined) return logProbs;
  throw new DivergenceError(
    `the policy has diverged: it gives a response the log-probability ${odd}; a smaller learning rate may help`,
  );
}

/**
 * Computes the implicit reward over β of both responses of each pair under a loss; for DPO and similar losses,
 * ρ = log π(y | x) − log π_ref(y | x). It is 0 for the reference itself, except under a loss without a reference.
 *
 * @param policy log-probabilities of the pairs under the policy
 * @param reference those under the reference; undefined if the loss uses none
 * @throws InputError if the loss needs the reference and it is missing
 */
export function pairRewards(
  loss: HasImplicitReward,
  pairs: readonly Pick<TokenizedPair, "chosen" | "rejected">[],
  policy: PairValues,
  reference: PairValues | undefined,
): PairValues {
  const rewards = (side: keyof PairValues) =>
    policy[side].map((logProb, i) =>
      implicitReward(loss, { policy: logProb, reference: reference?.[side][i], length: pairs[i]![side].length }),
    );
  return { chosen: rewards("chosen"), rejected: rewards("rejected") };
}

/** Computes the chosen minus the rejected reward of each pair. */
export function rewardMargins({ chosen, rejected }: PairValues): Float64Array {
  return chosen.map((value, i) => value - rejected[i]!);
}

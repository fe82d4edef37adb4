import { InputError } from "../base/errors.js";
import { mul, reshape, slice, sum, type Value } from "../graph/index.js";
import type { TokenSequence } from "../model/batch.js";
import { sumByResponse } from "../model/log-probs.js";
import type { PreferenceLoss } from "./losses/loss.js";
import { implicitReward, referenceOf } from "./losses/reward.js";
import type { Metrics, Objective } from "./objective.js";

/** A pair in tokens with its log-probabilities under the reference policy, which do not change in training. */
export interface ReferencedPair {
  readonly chosen: TokenSequence;
  readonly rejected: TokenSequence;
  /** log π_ref(y_w | x); only losses that need the reference read it. */
  readonly referenceChosen?: number;
  /** log π_ref(y_l | x) */
  readonly referenceRejected?: number;
}

/**
 * Trains on preference pairs by a direct alignment loss, averaged over the pairs of a step.
 *
 * @throws InputError (in training) where the loss needs whole steps and gradients are to be accumulated, or it needs
 *   the reference and a pair comes without its log-probabilities
 */
export function preference(loss: PreferenceLoss): Objective<ReferencedPair> {
  return {
    key: `preference ${JSON.stringify(loss)}`,
    ...(loss.running && { running: loss.running.names }),
    sequences: ({ chosen, rejected }) => [chosen, rejected],
    ...(loss.reward.needsReference && { withReferenceLogProbs: withReferenceLogProbs }),

    check({ batchSize, microBatchSize = batchSize }) {
      if (!loss.needsWholeStep || microBatchSize >= batchSize) return;
      throw new InputError(
        `microBatchSize: found ${microBatchSize}, expected batchSize, ${batchSize}, because the loss ${loss.name} ` +
          "depends on all pairs of a step together; set both to what fits into memory",
      );
    },

    build(leaves, perToken, pairs) {
      const graph = perToken.graph;
      const fed = (name: string) => graph.input(name, "float32", [pairs]);
      const [policyChosen, policyRejected] = columns(sumByResponse(perToken, leaves), pairs);
      const logProbs = {
        policyChosen,
        policyRejected,
        referenceChosen: fed("referenceChosen"),
        referenceRejected: fed("referenceRejected"),
        chosenLength: fed("chosenLength"),
        rejectedLength: fed("rejectedLength"),
        pairWeight: fed("pairWeight"),
        meanChosenLength: graph.input("meanChosenLength", "float32", []),
      };
      const weighted = mul(loss.perPair(logProbs), logProbs.pairWeight);
      const running = loss.running?.update(logProbs);
      return { loss: sum(weighted), perExample: { policyChosen, policyRejected }, ...(running && { running }) };
    },

    feed(pairs, step, slots) {
      const column = (valueOf: (pair: ReferencedPair) => number, padding = 0) => {
        const values = new Float32Array(slots).fill(padding);
        pairs.forEach((pair, i) => (values[i] = valueOf(pair)));
        return values;
      };
      const feeds = {
        referenceChosen: column((pair) => referenceOf(loss, pair.referenceChosen)),
        referenceRejected: column((pair) => referenceOf(loss, pair.referenceRejected)),
        chosenLength: column(({ chosen }) => lengthOf(chosen), 1),
        rejectedLength: column(({ rejected }) => lengthOf(rejected), 1),
        pairWeight: column(() => 1 / step.length),
        meanChosenLength: Float32Array.of(step.reduce((sum, { chosen }) => sum + lengthOf(chosen), 0) / step.length),
      };
      return { tokenWeight: 1, feeds };
    },

    metrics: (pairs, { policyChosen, policyRejected }) =>
      preferenceMetrics(loss, pairs, policyChosen!, policyRejected!),
  };
}

function withReferenceLogProbs(pair: ReferencedPair, [referenceChosen, referenceRejected]: readonly number[]): ReferencedPair {
  return { ...pair, referenceChosen: referenceChosen!, referenceRejected: referenceRejected! };
}

/** Responses of a batch stand as chosen, rejected, chosen, rejected …: the two columns, [pairs] each. */
function columns(byResponse: Value, pairs: number): [chosen: Value, rejected: Value] {
  const table = reshape(byResponse, [pairs, 2]);
  return [reshape(slice(table, 1, 0, 1), [pairs]), reshape(slice(table, 1, 1, 2), [pairs])];
}

/** Tokens of a response; 1 where there is none, as what is divided by it is then 0. */
const lengthOf = ({ response }: TokenSequence) => Math.max(1, response.length);

/** Rewards are β times the loss's own implicit reward; other names are TRL's. */
function preferenceMetrics(
  loss: PreferenceLoss,
  pairs: readonly ReferencedPair[],
  policyChosen: Float64Array,
  policyRejected: Float64Array,
): Metrics {
  const mean = (valueOf: (pair: ReferencedPair, i: number) => number) =>
    pairs.reduce((total, pair, i) => total + valueOf(pair, i), 0) / pairs.length;
  const reward = (policy: number, reference: number | undefined, sequence: TokenSequence) =>
    loss.beta * implicitReward(loss, { policy, reference, length: lengthOf(sequence) });
  const chosen = (pair: ReferencedPair, i: number) => reward(policyChosen[i]!, pair.referenceChosen, pair.chosen);
  const rejected = (pair: ReferencedPair, i: number) => reward(policyRejected[i]!, pair.referenceRejected, pair.rejected);
  return {
    "rewards/chosen": mean(chosen),
    "rewards/rejected": mean(rejected),
    "rewards/margins": mean((pair, i) => chosen(pair, i) - rejected(pair, i)),
    "rewards/accuracies": mean((pair, i) => Number(chosen(pair, i) > rejected(pair, i))),
    "logps/chosen": mean((_, i) => policyChosen[i]!),
    "logps/rejected": mean((_, i) => policyRejected[i]!),
  };
}

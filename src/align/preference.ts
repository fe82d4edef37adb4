import { mul, reshape, slice, sum, type Value } from "../graph/index.js";
import type { TokenSequence } from "../model/batch.js";
import { sumByResponse } from "../model/log-probs.js";
import type { PreferenceLoss } from "./losses/loss.js";
import type { Metrics, Objective } from "./objective.js";

/** A pair in tokens with its log-probabilities under the reference policy, which do not change in training. */
export interface ReferencedPair {
  readonly chosen: TokenSequence;
  readonly rejected: TokenSequence;
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}

/** Trains on preference pairs by a direct alignment loss, averaged over the pairs of a step. */
export function preference(loss: PreferenceLoss): Objective<ReferencedPair> {
  return {
    key: `preference ${JSON.stringify(loss)}`,
    sequences: ({ chosen, rejected }) => [chosen, rejected],

    build(leaves, perToken, pairs) {
      const graph = perToken.graph;
      const reference = (name: string) => graph.input(name, "float32", [pairs]);
      const [policyChosen, policyRejected] = columns(sumByResponse(perToken, leaves), pairs);
      const perPair = loss.perPair({
        policyChosen,
        policyRejected,
        referenceChosen: reference("referenceChosen"),
        referenceRejected: reference("referenceRejected"),
      });
      const weighted = mul(perPair, graph.input("pairWeight", "float32", [pairs]));
      return { loss: sum(weighted), perExample: { policyChosen, policyRejected } };
    },

    feed(pairs, step, places) {
      const column = (valueOf: (pair: ReferencedPair) => number) => {
        const values = new Float32Array(places);
        pairs.forEach((pair, i) => (values[i] = valueOf(pair)));
        return values;
      };
      const feeds = {
        referenceChosen: column((pair) => pair.referenceChosen),
        referenceRejected: column((pair) => pair.referenceRejected),
        pairWeight: column(() => 1 / step.length),
      };
      return { tokenWeight: 1, feeds };
    },

    metrics: (pairs, { policyChosen, policyRejected }) =>
      preferenceMetrics(loss.beta, pairs, policyChosen!, policyRejected!),
  };
}

/** Responses of a batch stand as chosen, rejected, chosen, rejected …: the two columns, [pairs] each. */
function columns(byResponse: Value, pairs: number): [chosen: Value, rejected: Value] {
  const table = reshape(byResponse, [pairs, 2]);
  return [reshape(slice(table, 1, 0, 1), [pairs]), reshape(slice(table, 1, 1, 2), [pairs])];
}

function preferenceMetrics(
  beta: number,
  pairs: readonly ReferencedPair[],
  policyChosen: Float64Array,
  policyRejected: Float64Array,
): Metrics {
  const mean = (valueOf: (pair: ReferencedPair, i: number) => number) =>
    pairs.reduce((total, pair, i) => total + valueOf(pair, i), 0) / pairs.length;
  const chosen = (pair: ReferencedPair, i: number) => beta * (policyChosen[i]! - pair.referenceChosen);
  const rejected = (pair: ReferencedPair, i: number) => beta * (policyRejected[i]! - pair.referenceRejected);
  return {
    "rewards/chosen": mean(chosen),
    "rewards/rejected": mean(rejected),
    "rewards/margins": mean((pair, i) => chosen(pair, i) - rejected(pair, i)),
    "rewards/accuracies": mean((pair, i) => Number(chosen(pair, i) > rejected(pair, i))),
    "logps/chosen": mean((_, i) => policyChosen[i]!),
    "logps/rejected": mean((_, i) => policyRejected[i]!),
  };
}

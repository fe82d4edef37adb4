import { InputError, quote } from "../base/errors.js";
import { logSigmoid, matmul, mul, neg, reshape, slice, sub, sum } from "../graph/index.js";
import type { Parameters } from "../model/parameters/parameters.js";
import { mean } from "../stats/mean.js";
import { meanHidden, responseMeanFeed } from "./head.js";
import type { HasImplicitReward } from "./losses/reward.js";
import { weightOf } from "./pair-columns.js";
import type { PairObjective } from "./pair-objective.js";
import type { ReferencedPair } from "./preference.js";

/**
 * A reward model: a linear head scores the mean last hidden state of a response, and is trained with the Bradley–Terry
 * likelihood of a pair's scores, −log σ(s_w − s_l), averaged over the pairs of a step; the model below the head is
 * trained too. There is no reference, and the policy's log-probabilities are not trained.
 *
 * @param by the loss whose implicit reward, not the score, determines a run's accuracy
 */
export function scoreHead({ beta, reward }: HasImplicitReward & { readonly beta: number }): PairObjective {
  const sequences = ({ chosen, rejected }: ReferencedPair) => [chosen, rejected];
  return {
    ...{ name: "score-head", version: "1", beta, reward, sequences },
    head: { shapes: (hiddenSize) => ({ weight: [hiddenSize, 1] }) },

    check({ keepBestBy }) {
      if (keepBestBy !== undefined && keepBestBy !== "eval_loss")
        throw new InputError(
          `keepBestBy: a score head is evaluated by its scores, not by implicit rewards, so that ${quote(keepBestBy)} is not known of it; choose "eval_loss", or leave keepBestBy out`,
        );
    },

    columns(pairs) {
      if (pairs.some(({ tokens }) => tokens))
        throw new InputError(
          "score-head: token columns weigh single tokens, which a score of whole responses does not have",
        );
      return [];
    },

    build(batch) {
      const { graph } = batch.tokenLogProbs;
      const scores = reshape(matmul(meanHidden(batch), batch.head("weight")), [batch.slots, 2]);
      const side = (at: number) => reshape(slice(scores, 1, at, at + 1), [batch.slots]);
      const margin = sub(side(0), side(1));
      const share = graph.input("pairShare", "float32", [batch.slots]);
      return { loss: neg(sum(mul(logSigmoid(margin), share))), perExample: { margin } };
    },

    feed(pairs, sizes) {
      const pairShare = Float32Array.from({ length: sizes.slots }, (_, i) =>
        pairs[i] ? weightOf(pairs[i]) / sizes.step.length : 0,
      );
      return { tokenWeight: 0, feeds: { pairShare, ...responseMeanFeed(pairs.flatMap(sequences), sizes.tokens) } };
    },

    metrics(_, { margin }) {
      const margins = Array.from(margin!);
      return {
        "score/margins": mean(margins),
        "score/accuracies": mean(margins.map((value) => (value > 0 ? 1 : value < 0 ? 0 : 0.5))),
      };
    },
  };
}

/** Computes the score of a response from its mean hidden state and the head trained by {@link scoreHead}. */
export function scoreOf(embedding: Float32Array, head: Parameters): number {
  const { data } = head.get("weight")!;
  return embedding.reduce((total, value, i) => total + value * data[i]!, 0);
}

import { InputError, quote } from "../base/errors.js";
import { neg, sum } from "../graph/index.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { tokenColumn, type Objective } from "./objective.js";

/** A sequence to imitate, with an optional weight ≥ 0, by default 1. */
export interface WeightedSequence extends TokenSequence {
  readonly weight?: number;
}

/**
 * Supervised fine-tuning: −log π(y | x) of the response tokens, averaged over all of them in a step; prompt tokens do
 * not count. A sequence's `weight` multiplies its tokens' share, so weights with a mean of 1 do not change the scale of
 * the loss.
 */
export const supervised = {
  name: "sft",
  sequences: (example) => [example],
  columns(examples) {
    for (const [i, { weight = 1 }] of examples.entries()) {
      if (!(weight >= 0 && weight < Infinity))
        throw new InputError(`example ${i + 1}: the weight is ${quote(weight)}; it must be a number from 0`);
    }
    return [];
  },
  // Each token has the weight 1 / (tokens of the step), so the sum is the mean.
  build: ({ tokenLogProbs }) => ({ loss: neg(sum(tokenLogProbs)), perExample: {} }),
  feed(examples, { step, tokens }) {
    const share = 1 / step.reduce((count, { response }) => count + response.length, 0);
    if (examples.every(({ weight = 1 }) => weight === 1)) return { tokenWeight: share, feeds: {} };
    const weights = examples.map(({ response, weight = 1 }) => new Float32Array(response.length).fill(weight * share));
    return { tokenWeight: tokenColumn(weights, tokens), feeds: {} };
  },
  metrics: () => ({}),
} satisfies Objective<WeightedSequence>;

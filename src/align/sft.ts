import { neg, sum } from "../graph/index.js";
import type { TokenSequence } from "../model/batch.js";
import type { Objective } from "./objective.js";

/**
 * Supervised fine-tuning: −log π(y | x) of the response tokens, averaged over all of them in a
 * step; prompt tokens do not count.
 */
export const supervised: Objective<TokenSequence> = {
  key: "sft",
  sequences: (example) => [example],
  // Each token weighs 1 / tokens of the step, so the sum is the mean.
  build: (_, perToken) => ({ loss: neg(sum(perToken)), perExample: {} }),
  feed: (_, step) => ({ tokenWeight: 1 / step.reduce((count, { response }) => count + response.length, 0), feeds: {} }),
  metrics: () => ({}),
};

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { losses } from "../../src/align/losses/index.js";
import type { ReferencedPair } from "../../src/align/preference.js";
import { scoreHead, scoreOf } from "../../src/align/score-head.js";
import { tensor } from "../../src/graph/tensor.js";
import { checkGradients } from "../graph/finite-differences.js";
import { assertClose } from "../support/compare.js";
import { objectiveCase } from "../support/objective-case.js";
import { evaluate } from "../support/reference.js";

const sequence = (ids: readonly number[]) => ({ prompt: Int32Array.of(1), response: Int32Array.from(ids) });
const pair: ReferencedPair = { chosen: sequence([5, 6, 2]), rejected: sequence([7, 2]) };
const heavy: ReferencedPair = { ...pair, rejected: sequence([3]), columns: { weight: 3 } };
const objective = scoreHead(losses.dpo({ beta: 0.5 }));
const weight = [0.4, -0.2, 0.7];

/** A batch of pairs with arbitrary hidden states. */
function fed(pairs: readonly ReferencedPair[], padding = { slots: 0, tokens: 0 }) {
  const found = objectiveCase(objective, pairs, { padding });
  const tokens = pairs
    .flatMap((own) => objective.sequences(own))
    .reduce((sum, { response }) => sum + response.length, 0);
  const hidden = Array.from({ length: 3 * (tokens + padding.tokens) }, (_, i) => Math.sin(3 * i + 1));
  return { ...found, hidden: found.hidden, states: hidden, leaves: { ...found.feeds, hidden, "head.weight": weight } };
}

/** Computes the score of the response with the tokens `from` to `to` by hand. */
function score(states: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let t = from; t < to; t++) for (const [d, value] of weight.entries()) total += value * states[3 * t + d]!;
  return total / (to - from);
}

describe("scoreHead", () => {
  it("equals the weighted mean of −log σ(score difference), computed by hand", () => {
    const { loss, leaves, states } = fed([pair, heavy]);
    const margins = [score(states, 0, 3) - score(states, 3, 5), score(states, 5, 8) - score(states, 8, 9)];
    const [first, second] = margins.map((margin) => Math.log1p(Math.exp(-margin)));
    assertClose(evaluate([loss], leaves)[0]!, [(first! + 3 * second!) / 2], 1e-6);
  });

  it("has gradients by hidden states and head that match finite differences, and ignores padding", () => {
    const { loss, leaves, hidden } = fed([pair, heavy], { slots: 1, tokens: 4 });
    checkGradients(loss, [hidden, loss.graph.state("head.weight", "float32", [3, 1])], leaves);
    const plain = fed([pair, heavy]);
    assertClose(evaluate([loss], leaves)[0]!, evaluate([plain.loss], plain.leaves)[0]!, 1e-6);
  });

  it("reports the mean margin and the accuracy, with ties counted as half", () => {
    const metrics = objective.metrics([pair, pair, pair], { margin: Float64Array.of(2, -1, 0) });
    assert.deepEqual(metrics, { "score/margins": 1 / 3, "score/accuracies": 0.5 });
  });

  it("has a head with which scoreOf scores an embedding", () => {
    const head = new Map([["weight", tensor([3, 1], Float32Array.from(weight))]]);
    assert.ok(Math.abs(scoreOf(Float32Array.of(1, 2, -1), head) - (0.4 - 0.4 - 0.7)) < 1e-6);
  });
});

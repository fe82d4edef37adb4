import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../src/base/random.js";
import { gradients, Graph, mul, sum, topologicalOrder, type Value } from "../../../../src/graph/index.js";
import { attend, queriesPerBlock } from "../../../../src/model/architectures/parts/attention.js";
import { causalMask, sharedMask } from "../../../../src/model/architectures/parts/mask.js";
import { assertClose } from "../../../support/compare.js";
import { checkGradients } from "../../../graph/finite-differences.js";
import { evaluate } from "../../../support/reference.js";

const [batch, heads, kvHeads, length, size] = [2, 4, 2, 7, 3];
const window = 3;

const random = Random.seeded(3);
const numbers = (count: number) => Array.from({ length: count }, () => random.normal());
const feeds: Record<string, number[]> = {
  query: numbers(batch * heads * length * size),
  key: numbers(batch * kvHeads * length * size),
  value: numbers(batch * kvHeads * length * size),
  counts: numbers(batch * length * heads * size),
  // Two rows: a prompt of two tokens with two responses, and a prompt of three with one; then padding.
  place: [0, 1, 2, 3, 2, 3, 0, 0, 1, 2, 3, 4, 0, 0],
  visibleUntil: [6, 6, 3, 3, 5, 5, 6, 6, 6, 6, 4, 4, 6, 6],
};

/** Attention in blocks of `blockSize` queries, a loss on it, and the leaves to differentiate by. */
function attention(blockSize: number, maskOf: (graph: Graph) => Value, scoreCap?: number) {
  const graph = new Graph();
  const leaf = (name: string, count: number) => graph.input(name, "float32", [batch, count, length, size]);
  const leaves = [leaf("query", heads), leaf("key", kvHeads), leaf("value", kvHeads)] as const;
  const [query, key, value] = leaves;
  const mixed = attend({ query, key, value, scoreCap }, maskOf(graph), blockSize);
  return { mixed, leaves, loss: sum(mul(mixed, graph.input("counts", "float32", mixed.shape))) };
}

const masks = {
  causal: (graph: Graph) => causalMask(graph, undefined, length),
  "with a window": (graph: Graph) => causalMask(graph, window, length),
  "of shared prompts": (graph: Graph) =>
    sharedMask(
      window,
      graph.input("place", "int32", [batch, length]),
      graph.input("visibleUntil", "int32", [batch, length]),
    ),
};

describe("attention in blocks of queries", () => {
  it("caps the scores of every block", () => {
    const valuesOf = ({ mixed }: ReturnType<typeof attention>) => evaluate([mixed], feeds)[0]!;
    const blocks = attention(3, masks.causal, 0.5);
    const [whole, uncapped] = [attention(length, masks.causal, 0.5), attention(length, masks.causal)].map(valuesOf);
    assertClose(valuesOf(blocks), whole!, 1e-12);
    assert.ok(whole!.some((x, i) => Math.abs(x - uncapped![i]!) > 0.01));
    checkGradients(blocks.loss, blocks.leaves, feeds);
  });

  for (const [name, maskOf] of Object.entries(masks)) {
    it(`matches unblocked attention in values and gradients, also with a smaller last block (${name})`, () => {
      const whole = attention(length, maskOf);
      const [values, ...slopes] = evaluate([whole.mixed, ...gradients(whole.loss, whole.leaves)], feeds);
      for (const blockSize of [1, 2, 3, 6]) {
        const blocks = attention(blockSize, maskOf);
        const found = evaluate([blocks.mixed, ...gradients(blocks.loss, blocks.leaves)], feeds);
        [values!, ...slopes].forEach((expected, i) => {
          expected.forEach((x, j) =>
            assert.ok(
              Math.abs(found[i]![j]! - x) <= 1e-12 * Math.max(1, Math.abs(x)),
              `blocks of ${blockSize}, ${i}, ${j}`,
            ),
          );
        });
      }
    });

    it(`has gradients that match finite differences (${name})`, () => {
      const { loss, leaves } = attention(3, maskOf);
      checkGradients(loss, leaves, feeds);
    });
  }

  it("recomputes scores in the gradient, one block of queries at a time, and reads none from the forward pass", () => {
    const { loss, leaves } = attention(3, masks.causal);
    const forward = new Set(topologicalOrder([loss]));
    const all = topologicalOrder(gradients(loss, leaves));
    const scores = (value: Value) => value.op === "softmax";
    for (const { shape } of all.filter(scores)) assert.ok(shape[2]! <= 3 && shape[3]! <= length, `${shape}`);
    const readAgain = all
      .filter((value) => !forward.has(value))
      .flatMap(({ inputs }) => inputs.filter((input) => forward.has(input) && scores(input)));
    assert.deepEqual(readAgain, []);
    assert.equal(all.filter(scores).length, 2 * topologicalOrder([loss]).filter(scores).length);
  });

  it("uses one block for rows of up to 256 tokens, and blocks of 128 to 512 queries beyond", () => {
    assert.deepEqual(
      [1, 48, 256, 257, 512, 1024, 4096, 8192].map(queriesPerBlock),
      [1, 48, 256, 128, 128, 256, 512, 512],
    );
  });
});

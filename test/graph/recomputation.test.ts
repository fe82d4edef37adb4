import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as b from "../../src/graph/build.js";
import { gradients } from "../../src/graph/gradient.js";
import { Graph, topologicalOrder, type Value } from "../../src/graph/value.js";
import { Random } from "../../src/base/random.js";
import { evaluate } from "../support/reference.js";

const layers = 4;
const width = 3;

/** x ← x + silu(x·w)·m in each layer, which begins with a checkpoint; m is computed from what is fed to the layer. */
function residualStack() {
  const graph = new Graph();
  const weights = Array.from({ length: layers }, (_, i) => graph.state(`w${i}`, "float32", [width, width]));
  const fed = graph.input("fed", "float32", [layers, width]);
  let x: Value = b.mul(graph.input("x", "float32", [2, width]), 2);
  weights.forEach((weight, i) => {
    x = b.checkpoint(x);
    x = b.add(x, b.mul(b.silu(b.matmul(x, weight)), b.exp(b.slice(fed, 0, i, i + 1))));
  });
  return { weights, loss: b.sum(b.mul(x, x)) };
}

const random = Random.seeded(1);
const numbers = (count: number) => Array.from({ length: count }, () => random.normal());
const feeds = {
  x: numbers(2 * width),
  fed: numbers(layers * width),
  ...Object.fromEntries(Array.from({ length: layers }, (_, i) => [`w${i}`, numbers(width * width)])),
};

const count = (values: readonly Value[], op: string) =>
  topologicalOrder(values).filter((value) => value.op === op).length;

describe("gradients that recompute values between checkpoints", () => {
  const { weights, loss } = residualStack();
  const kept = gradients(loss, weights);
  const recomputed = gradients(loss, weights, { recompute: true });

  it("equal gradients without recomputation", () => {
    assert.deepEqual(evaluate(recomputed, feeds), evaluate(kept, feeds));
  });

  it("compute every segment except the last twice, including values computed only from inputs", () => {
    // Forward; backward with respect to the weight and, except in the first layer, to x.
    assert.equal(count(kept, "matmul"), layers + 2 * layers - 1);
    assert.equal(count(recomputed, "matmul") - count(kept, "matmul"), layers - 1);
    assert.equal(count(recomputed, "exp") - count(kept, "exp"), layers - 1);
  });

  it("recompute a segment only after the gradients of the later layers, including their weights", () => {
    const copies = topologicalOrder(recomputed).filter(({ op, inputs }) => op === "checkpoint" && inputs.length > 1);
    const residuals = copies.filter(({ inputs }) => inputs[0]!.op !== "input");
    assert.equal(residuals.length, layers - 1);
    // The copy for the last of these layers comes first.
    residuals.forEach((copy, i) => {
      const before = new Set(topologicalOrder([copy]));
      recomputed.forEach((gradient, layer) =>
        assert.equal(before.has(gradient), layer > layers - 2 - i, `${i}, weight ${layer}`),
      );
    });
  });

  it("can be differentiated again", () => {
    const second = (slopes: readonly Value[]) =>
      gradients(
        slopes.map((slope) => b.sum(b.mul(slope, slope))).reduce((x, y) => b.add(x, y)),
        weights,
      );
    const [found, expected] = [recomputed, kept].map((slopes) => evaluate(second(slopes), feeds).flat());
    found!.forEach((value, i) => assert.ok(Math.abs(value - expected![i]!) <= 1e-9 * Math.abs(expected![i]!)));
  });

  it("are unchanged for a loss without checkpoints", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [3]);
    const y = b.sum(b.exp(x));
    assert.deepEqual(gradients(y, [x], { recompute: true }), gradients(y, [x]));
  });

  it("do not recompute values that depend on no parameter", () => {
    const top = [weights.at(-1)!];
    assert.deepEqual(gradients(loss, top, { recompute: true }), gradients(loss, top));
  });
});

describe("values recomputed for the gradient", () => {
  const graph = new Graph();
  const weight = graph.state("w", "float32", [width, width]);
  const start = b.mul(graph.input("x", "float32", [2, width]), 2);
  const part = (x: Value) => b.exp(b.mul(b.silu(b.matmul(x, weight)), 0.1));
  const lossOf = (of: (x: Value) => Value) => b.sum(b.mul(of(of(start)), of(start)));
  const kept = gradients(lossOf(part), [weight]);
  const again = gradients(
    lossOf((x) => b.recomputed([x], part)),
    [weight],
  );
  const fed = { x: feeds.x, w: numbers(width * width) };

  it("give the same gradient as kept values", () => {
    assert.deepEqual(evaluate(again, fed), evaluate(kept, fed));
  });

  it("are recomputed one after the other, even if they are independent", () => {
    const rows = [0, 1].map((row) => b.recomputed([b.slice(start, 0, row, row + 1)], part));
    const order = topologicalOrder(gradients(b.sum(b.concat(rows, 0)), [weight]));
    const [first, second] = order.filter(({ op, inputs }) => op === "checkpoint" && inputs.length > 1);
    assert.ok(new Set(topologicalOrder([second!])).has(first!));
  });

  it("are each recomputed once, after everything before them in the gradient", () => {
    assert.equal(count(again, "silu") - count(kept, "silu"), 2);
    const [last, first] = topologicalOrder(again).filter(({ op, inputs }) => op === "checkpoint" && inputs.length > 1);
    assert.ok(new Set(topologicalOrder([first!])).has(last!));
    // The gradient reads no value of the first computation between its input and its result.
    const forward = topologicalOrder([lossOf((x) => b.recomputed([x], part))]).filter(({ op }) => op === "silu");
    const readers = topologicalOrder(again).filter(({ inputs }) => inputs.some((input) => forward.includes(input)));
    const results = topologicalOrder([lossOf((x) => b.recomputed([x], part))]);
    assert.deepEqual(
      readers.filter((reader) => !results.includes(reader)),
      [],
    );
  });
});

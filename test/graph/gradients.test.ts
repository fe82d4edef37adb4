import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpName } from "../../src/graph/attributes.js";
import * as b from "../../src/graph/build.js";
import { gradients } from "../../src/graph/gradient.js";
import { definitions } from "../../src/graph/ops/index.js";
import { tensor } from "../../src/graph/tensor.js";
import { Graph, topologicalOrder } from "../../src/graph/value.js";
import { evaluate } from "../support/reference.js";
import { buildCase, weighted, type Case } from "./cases/case.js";
import { compositions } from "./cases/compositions.js";
import { cases } from "./cases/index.js";
import { checkGradients } from "./finite-differences.js";

/** First derivatives, and the derivatives of a weighted sum of them. */
function check(found: Case): void {
  const { differentiated, output, feeds } = buildCase(found);
  const loss = weighted([output], "first");
  checkGradients(loss, differentiated, feeds);
  if (differentiated.length === 0) return;
  checkGradients(weighted(gradients(loss, differentiated), "second"), differentiated, feeds);
}

describe("gradients and second derivatives match finite differences", () => {
  for (const op of Object.keys(definitions) as OpName[]) {
    it(op, () => {
      assert.ok(cases[op].length > 0, "has no case");
      for (const found of cases[op]) {
        assert.ok(
          topologicalOrder([buildCase(found).output]).some((value) => value.op === op),
          `${found.title}: lacks ${op}`,
        );
        check(found);
      }
    });
  }
  for (const found of compositions) it(found.title, () => check(found));
});

describe("gradients", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [3]);
  const feeds = { x: [1, 2, -3] };

  it("adds up the contributions of a value that is used twice", () => {
    const y = b.mul(x, x);
    const [dx] = gradients(b.sum(b.add(b.mul(y, y), y)), [x]);
    assert.deepEqual(evaluate([dx!], feeds), [feeds.x.map((x) => 4 * x ** 3 + 2 * x)]);
  });

  it("returns zeros in the parameter's shape if the loss does not depend on it", () => {
    const other = graph.input("other", "float32", [2, 2]);
    const [, dOther] = gradients(b.sum(x), [x, other]);
    assert.deepEqual(dOther!.shape, [2, 2]);
    assert.deepEqual(evaluate([dOther!], {}), [[0, 0, 0, 0]]);
  });

  it("returns zeros for paths through stopGradient, casts, comparisons and indices", () => {
    const blocked = [
      b.stopGradient(x),
      b.cast(b.cast(x, "int32"), "float32"),
      b.where(b.less(x, 0), 1, 2),
      b.gather(graph.constant(tensor([2], Float32Array.of(1, 2))), b.cast(b.less(x, 0), "int32")),
    ];
    for (const value of blocked) {
      const [dx] = gradients(b.sum(value), [x]);
      assert.deepEqual(evaluate([dx!], feeds), [[0, 0, 0]], value.op);
    }
  });

  it("treats stopGradient(x) in x · stopGradient(x) as a constant", () => {
    const [dx] = gradients(b.sum(b.mul(x, b.stopGradient(x))), [x]);
    assert.deepEqual(evaluate([dx!], feeds), [feeds.x]);
  });

  it("assigns the gradient to the first of two equal numbers in maximum and minimum", () => {
    const other = graph.input("same", "float32", [3]);
    for (const op of [b.maximum, b.minimum]) {
      const found = evaluate(gradients(b.sum(op(x, other)), [x, other]), { ...feeds, same: feeds.x });
      assert.deepEqual(
        found.map((row) => row.map(Math.abs)),
        [
          [1, 1, 1],
          [0, 0, 0],
        ],
      );
    }
  });

  it("differentiates with respect to an intermediate value", () => {
    const y = b.mul(x, 3);
    const [dx, dy] = gradients(b.sum(b.mul(y, y)), [x, y]);
    assert.deepEqual(evaluate([dx!, dy!], feeds), [
      [18, 36, -54],
      [6, 12, -18],
    ]);
  });

  it("returns 1 for the loss with respect to itself", () => {
    const loss = b.sum(x);
    assert.deepEqual(evaluate(gradients(loss, [loss]), feeds), [[1]]);
  });

  it("builds only the products that the parameters need", () => {
    const frozen = graph.input("frozen", "float32", [3, 3]);
    const y = b.matmul(b.reshape(x, [1, 3]), frozen);
    const [dx] = gradients(b.sum(y), [x]);
    const products = topologicalOrder([dx!]).filter(({ op }) => op === "matmul");
    assert.deepEqual(
      products.map(({ shape }) => shape),
      [[1, 3]],
    );
  });

  it("refuses a loss that is not a float scalar", () => {
    assert.throws(() => gradients(x, [x]), /^Error: gradients: needs a float scalar, got input float32\[3\]$/);
    const count = graph.input("count", "int32", []);
    assert.throws(() => gradients(count, [x]), /^Error: gradients: needs a float scalar, got input int32\[\]$/);
  });

  it("refuses a parameter of another graph", () => {
    const stranger = new Graph().input("x", "float32", [3]);
    assert.throws(() => gradients(b.sum(x), [stranger]), /^Error: gradients: a parameter belongs to another graph$/);
  });
});

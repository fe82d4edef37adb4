import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as b from "../../src/graph/build.js";
import { Graph } from "../../src/graph/value.js";
import { evaluate } from "../support/reference.js";

const graph = new Graph();
const x = graph.input("x", "float32", [2, 3]);
const row = graph.input("row", "float32", [3]);

describe("no-ops are dropped:", () => {
  it("addition and subtraction of 0, multiplication and division by 1", () => {
    for (const same of [b.add(x, 0), b.sub(x, 0), b.mul(x, 1), b.div(x, 1)]) assert.equal(same, x);
  });

  it("casts to the same type", () => assert.equal(b.cast(x, "float32"), x));
  it("sums over no axes", () => assert.equal(b.sum(x, []), x));
  it("reshapes to the same shape", () => assert.equal(b.reshape(x, [2, -1]), x));
  it("broadcasts to the same shape", () => assert.equal(b.broadcast(x, [2, 3]), x));
  it("slices of everything", () => assert.equal(b.slice(x, 1, 0, 3), x));
  it("concatenations of one part", () => {
    assert.equal(b.concat([x], 0), x);
    assert.equal(b.concat([graph.full([0, 3], 0), x], 0), x);
  });

  it("transposes that change nothing, but only those of the right rank", () => {
    assert.equal(b.transpose(x, [0, 1]), x);
    assert.throws(
      () => b.transpose(x, [0]),
      /^Error: transpose\(float32\[2,3\]\): \[0\] is no permutation of the axes$/,
    );
    assert.throws(() => b.transpose(x, []), /no permutation/);
  });
});

describe("simplification", () => {
  it("merges a reshape of a reshape", () => {
    assert.equal(b.reshape(b.reshape(x, [6]), [3, 2]), b.reshape(x, [3, 2]));
    assert.equal(b.reshape(b.reshape(x, [6]), [2, 3]), x);
  });

  it("drops an explicit broadcast before a binary op", () => {
    assert.equal(b.mul(x, b.broadcast(row, [2, 3])), b.mul(x, row));
    assert.equal(b.sub(b.broadcast(row, [2, 3]), x), b.sub(row, x));
  });

  it("keeps a broadcast that gives the result its shape", () => {
    for (const sum of [b.add(row, graph.full([2, 3], 1)), b.add(graph.full([2, 3], 1), graph.full([2, 3], 2))]) {
      assert.deepEqual(sum.shape, [2, 3]);
    }
    assert.deepEqual(evaluate([b.add(graph.full([2, 3], 1), graph.full([2, 3], 2))], {}), [[3, 3, 3, 3, 3, 3]]);
  });
});

describe("values of ops composed of others", () => {
  const feeds = { x: [1, -2, 3, -4, 5, -6] };
  const [mean, rows, smaller] = evaluate([b.mean(x), b.mean(x, [-1], true), b.minimum(x, 0.5)], feeds);

  it("mean", () => {
    assert.ok(Math.abs(mean![0]! + 0.5) < 1e-6);
    assert.ok(Math.abs(rows![0]! - 2 / 3) < 1e-6 && Math.abs(rows![1]! + 5 / 3) < 1e-6);
    assert.deepEqual(b.mean(x, [-1], true).shape, [2, 1]);
  });

  it("gelu and its approximation", () => {
    const points = graph.input("points", "float32", [4]);
    const [exact, approximate] = evaluate([b.gelu(points), b.geluTanh(points)], { points: [-2, 0, 0.5, 3] });
    // x·Φ(x) with Φ from tables, and ½x·(1 + tanh(…)) from its definition.
    [-0.04550026389635842, 0, 0.34573123063700656, 2.99595030590511].forEach((x, i) =>
      assert.ok(Math.abs(exact![i]! - x) < 1e-7),
    );
    [-2, 0, 0.5, 3].forEach((x, i) => {
      const expected = 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
      assert.ok(Math.abs(approximate![i]! - expected) < 1e-7);
    });
  });

  it("minimum", () => assert.deepEqual(smaller, [0.5, -2, 0.5, -4, 0.5, -6]));
});

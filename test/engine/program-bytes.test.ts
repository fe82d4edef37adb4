import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programBytes } from "../../src/engine/program-bytes.js";
import * as b from "../../src/graph/build.js";
import { Graph, type Value } from "../../src/graph/value.js";

const bytesOf = (output: Value, updates = new Map<string, Value>()) => programBytes({ outputs: { output }, updates });

describe("programBytes", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [10]);

  it("returns the most bytes that exist at the same time", () => {
    // x and its exponential; then the exponential and the sum, after x is released.
    assert.equal(bytesOf(b.sum(b.exp(x))), 80);
    // A chain of three needs two at a time.
    assert.equal(bytesOf(b.neg(b.exp(b.neg(x)))), 80);
    // A value that is read later is kept: x, eˣ and e^eˣ.
    assert.equal(bytesOf(b.mul(b.exp(b.exp(x)), x)), 120);
  });

  it("does not count views, and counts folded constants throughout", () => {
    assert.equal(bytesOf(b.exp(b.reshape(x, [2, 5]))), 80);
    const zeros = graph.full([3, 10], 0);
    // The zeros of shape [3, 10], in addition to x and the sum.
    assert.equal(bytesOf(b.add(zeros, b.exp(b.exp(x)))), 120 + 40 + 120);
  });

  it("does not count state, but counts results that become state", () => {
    const state = graph.state("s", "float32", [10]);
    assert.equal(bytesOf(b.sum(state)), 4);
    assert.equal(bytesOf(b.sum(x), new Map([["s", b.add(state, x)]])), 40 + 40 + 4);
  });
});

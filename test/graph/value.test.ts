import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { add, exp, matmul, mul, rmsNorm, sum } from "../../src/graph/build.js";
import { tensor } from "../../src/graph/tensor.js";
import { Graph, topologicalOrder } from "../../src/graph/value.js";

describe("hash-consing", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 2]);
  const y = graph.input("y", "float32", [2, 2]);

  it("returns the same value for the same op, inputs and attributes", () => {
    assert.equal(graph.input("x", "float32", [2, 2]), x);
    assert.equal(exp(add(x, y)), exp(add(x, y)));
    assert.equal(matmul(x, y, { transposeA: true }), matmul(x, y, { transposeA: true, scale: 1 }));
    assert.equal(sum(x, [-1]), sum(x, [1]));
    assert.equal(graph.full([2, 3], 0), graph.full([2, 3], 0));
  });

  it("distinguishes ops, orders of inputs, attributes and leaves", () => {
    assert.notEqual(add(x, y), add(y, x));
    assert.notEqual(add(x, y), mul(x, y));
    assert.notEqual(matmul(x, y), matmul(x, y, { scale: 2 }));
    assert.notEqual(sum(x, [1]), sum(x, [1], true));
    assert.notEqual(graph.state("x", "float32", [2, 2]), x);
    const weight = graph.input("weight", "float32", [2]);
    assert.notEqual(rmsNorm(x, weight, 1e-5), rmsNorm(x, weight, 1e-6));
  });

  it("compares constants by their content", () => {
    const row = (...data: number[]) => graph.constant(tensor([data.length], Float32Array.from(data)));
    assert.equal(graph.constant(0.1), graph.constant(0.1));
    assert.equal(graph.constant(2), graph.constant(tensor([], Float32Array.of(2))));
    assert.equal(row(1, 2), row(1, 2));
    assert.notEqual(row(1, 2), row(2, 1));
    assert.notEqual(graph.constant(2), row(2));
    assert.notEqual(graph.constant(2), graph.constant({ dtype: "int32", shape: [], data: Int32Array.of(2) }));
  });

  it("compares the elements of a view, not the buffer behind it", () => {
    const buffer = Float32Array.of(1, 2, 3, 4);
    const [first, second] = [buffer.subarray(0, 2), buffer.subarray(2)].map((data) =>
      graph.constant(tensor([2], data)),
    );
    assert.notEqual(first, second);
    assert.equal(second, graph.constant(tensor([2], Float32Array.of(3, 4))));
  });

  it("distinguishes 0 and −0, as scalars and in a row", () => {
    const row = (zero: number) => graph.constant(tensor([2], Float32Array.of(1, zero)));
    assert.notEqual(graph.constant(0), graph.constant(-0));
    assert.notEqual(row(0), row(-0));
  });

  it("handles NaN and infinity", () => {
    assert.equal(graph.constant(NaN), graph.constant(NaN));
    assert.notEqual(graph.constant(Infinity), graph.constant(-Infinity));
  });
});

describe("Graph", () => {
  it("refuses values of another graph", () => {
    const x = new Graph().input("x", "float32", [2]);
    const y = new Graph().input("y", "float32", [2]);
    assert.throws(() => add(x, y), /^Error: add: an input belongs to another graph$/);
  });

  it("does not keep a value that could not be built", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2]);
    const y = graph.input("y", "float32", [3]);
    for (let attempt = 0; attempt < 2; attempt++) assert.throws(() => add(x, y), /do not broadcast/);
  });
});

describe("topologicalOrder", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", []);
  const y = exp(x);
  const z = add(mul(y, y), x);
  graph.input("unused", "float32", []);

  it("lists each required value once, inputs first", () => {
    assert.deepEqual(
      topologicalOrder([z]).map(({ op }) => op),
      ["input", "exp", "mul", "add"],
    );
    assert.deepEqual(topologicalOrder([y, z, y]), topologicalOrder([z]));
  });

  it("walks chains deeper than the call stack", () => {
    let deep = x as typeof z;
    for (let i = 0; i < 20000; i++) deep = exp(deep);
    assert.equal(topologicalOrder([deep]).length, 20001);
  });
});

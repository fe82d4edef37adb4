import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Program } from "../../src/engine/engine.js";
import { programDigest } from "../../src/engine/program-digest.js";
import { add, exp, Graph, matmul, mul, tensor, type Value } from "../../src/graph/index.js";

/** A program of one output `y` on x [2, 2]. */
function program(build: (x: Value, graph: Graph) => Value, name = "y"): Program {
  const graph = new Graph();
  return { outputs: { [name]: build(graph.input("x", "float32", [2, 2]), graph) }, updates: new Map() };
}
const constant = (graph: Graph, ...data: number[]) => graph.constant(tensor([2, 2], Float32Array.from(data)));

describe("programDigest", () => {
  it("is the same for equal computations, whatever else the graph contains", () => {
    const plain = programDigest(program((x) => mul(exp(x), 2)));
    assert.equal(programDigest(program((x) => mul(exp(x), 2))), plain);
    assert.equal(programDigest(program((x, graph) => (add(x, graph.constant(9)), mul(exp(x), 2)))), plain);
  });

  it("does not depend on the order of the outputs", () => {
    const both = (first: "a" | "b"): Program => {
      const x = new Graph().input("x", "float32", [2]);
      const [a, b] = [exp(x), mul(x, 2)];
      return { outputs: first === "a" ? { a, b } : { b, a }, updates: new Map() };
    };
    assert.equal(programDigest(both("a")), programDigest(both("b")));
  });

  it("differs if an operation, an attribute, a constant, a leaf, an output or its name differs", () => {
    const state = (name: string): Program => {
      const graph = new Graph();
      const x = graph.state(name, "float32", [2, 2]);
      return { outputs: {}, updates: new Map([[name, exp(x)]]) };
    };
    const swapped: Program = (() => {
      const x = new Graph().input("x", "float32", [2, 2]);
      return { outputs: { y: x, z: exp(x) }, updates: new Map() };
    })();
    const straight: Program = { ...swapped, outputs: { y: swapped.outputs.z!, z: swapped.outputs.y! } };
    const all = [
      program((x) => mul(x, 2)),
      program((x) => mul(x, 3)),
      program((x) => mul(x, 2), "z"),
      program((x) => add(x, 2)),
      program((x) => matmul(x, x)),
      program((x) => matmul(x, x, { transposeA: true })),
      program((x) => matmul(x, x, { scale: 0.5 })),
      program((x, graph) => mul(x, constant(graph, 1, 2, 3, 4))),
      program((x, graph) => mul(x, constant(graph, 1, 2, 3, 5))),
      program((x, graph) => add(x, graph.input("w", "float32", [2]))),
      program((x, graph) => add(x, graph.input("v", "float32", [2]))),
      program((x, graph) => add(x, graph.input("w", "float32", [1]))),
      program((x, graph) => add(x, graph.state("w", "float32", [2]))),
      state("p"),
      state("q"),
      swapped,
      straight,
    ].map(programDigest);
    assert.equal(new Set(all).size, all.length);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Program } from "../../../src/engine/engine.js";
import { loadBackend } from "../../../src/engine/tfjs/backends.js";
import * as g from "../../../src/graph/index.js";
import { Graph, tensor } from "../../../src/graph/index.js";
import { openRuntime } from "../../support/tfjs-runtime.js";

const { tf } = await loadBackend("wasm");

const graph = new Graph();
const x = graph.input("x", "float32", [2, 3]);
const w = graph.state("w", "float32", [4, 3]);
const product: Program = { outputs: { y: g.matmul(x, w, { transposeB: true }) }, updates: new Map() };
const feeds = { x: Float32Array.of(1, 2, 3, 4, 5, 6) };
const weight = tensor([4, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1));
const y = [1, 2, 3, 6, 4, 5, 6, 15];

describe("on wasm", () => {
  it("the transpose of a weight is computed once and freed with the weight", async () => {
    const calls = openRuntime(tf, "wasm");
    const none = tf.memory().numTensors;
    const state = calls.create([["w", weight]]);
    const id = calls.prepare(product);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual([...(await calls.run(id, feeds, [state])).y!.data], y);
      assert.equal(tf.memory().numTensors, none + 2);
    }
    calls.writeState(state, "w", tensor([4, 3], new Float32Array(12)));
    assert.equal(tf.memory().numTensors, none + 1);
    assert.deepEqual(
      [...(await calls.run(id, feeds, [state])).y!.data],
      y.map(() => 0),
    );
    calls.freeState(state);
    calls.release(id);
    assert.equal(tf.memory().numTensors, none);
  });

  it("the sum of millions of numbers has a relative error below 1e-6", async () => {
    const calls = openRuntime(tf, "wasm");
    const graph = new Graph();
    const many = graph.input("many", "float32", [3000, 1500]);
    const id = calls.prepare({
      outputs: { all: g.sum(many), rows: g.sum(many, [0]), kept: g.sum(many, [-1], true) },
      updates: new Map(),
    });
    const found = await calls.run(id, { many: new Float32Array(3000 * 1500).fill(0.1) }, []);
    const worst = (name: string, expected: number) =>
      Math.max(...[...found[name]!.data].map((sum) => Math.abs(sum / expected - 1)));
    // Added one after the other in float32, all numbers sum to 431 400.
    assert.ok(worst("all", 450_000) < 1e-6);
    assert.ok(worst("rows", 300) < 1e-6);
    assert.ok(worst("kept", 150) < 1e-6);
    assert.deepEqual(found.kept!.shape, [3000, 1]);
    calls.release(id);
  });
});

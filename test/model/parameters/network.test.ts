import assert from "node:assert/strict";
import test from "node:test";
import { Graph } from "../../../src/graph/index.js";
import { stateWeights } from "../../../src/model/parameters/network.js";
import { evaluate } from "../../support/reference.js";
import { gpt2Config, tinyConfig } from "../../support/tiny-model.js";

test("a linear layer computes x · weightᵀ, or x · weight + bias in the layout of GPT-2", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [1, 16]);
  const feeds: Record<string, number[]> = { x: Array.from({ length: 16 }, (_, i) => (i === 2 ? 1 : 0)) };

  const query = stateWeights(graph, tinyConfig).linear(x, "model.layers.0.self_attn.q_proj");
  feeds["model.layers.0.self_attn.q_proj.weight"] = Array.from({ length: 16 * 16 }, (_, i) => i);
  // [outputs, inputs]: the third column.
  assert.deepEqual(evaluate([query], feeds), [Array.from({ length: 16 }, (_, i) => 16 * i + 2)]);

  const fused = stateWeights(graph, gpt2Config).linear(x, "transformer.h.1.attn.c_attn");
  feeds["transformer.h.1.attn.c_attn.weight"] = Array.from({ length: 16 * 48 }, (_, i) => i);
  feeds["transformer.h.1.attn.c_attn.bias"] = Array.from({ length: 48 }, (_, i) => 1000 * i);
  // [inputs, outputs]: the third row.
  assert.deepEqual(evaluate([fused], feeds), [Array.from({ length: 48 }, (_, i) => 96 + i + 1000 * i)]);
});

test("a weight is the graph state with its name and shape", () => {
  const { op, attributes, shape } = stateWeights(new Graph(), gpt2Config).weight("transformer.wpe.weight");
  assert.deepEqual(
    [op, attributes, shape],
    ["state", { name: "transformer.wpe.weight", dtype: "float32", shape: [48, 16] }, [48, 16]],
  );
});

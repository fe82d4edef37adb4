import assert from "node:assert/strict";
import test from "node:test";
import { qwen3 } from "../../../src/model/architectures/qwen3.js";

/** config.json of Qwen3 0.6B. */
const written = {
  architectures: ["Qwen3ForCausalLM"],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  head_dim: 128,
  hidden_act: "silu",
  hidden_size: 1024,
  initializer_range: 0.02,
  intermediate_size: 3072,
  max_position_embeddings: 40960,
  max_window_layers: 28,
  model_type: "qwen3",
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1000000,
  sliding_window: null,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  transformers_version: "4.51.0",
  use_cache: true,
  use_sliding_window: false,
  vocab_size: 151936,
};
const parse = (changes: object) => qwen3.parse({ ...written, ...changes }, "config.json");

test("Qwen3's config.json is read", () => {
  assert.deepEqual(parse({}), {
    architecture: "qwen3",
    vocabSize: 151936,
    hiddenSize: 1024,
    intermediateSize: 3072,
    layers: 28,
    heads: 16,
    kvHeads: 8,
    headSize: 128,
    contextLength: 40960,
    ropeTheta: 1000000,
    normEpsilon: 1e-6,
    tiedEmbeddings: true,
    initializerRange: 0.02,
    attentionBias: false,
  });
});

test("queries and keys have norms of the head size, and no linear layer has a bias", () => {
  const modules = qwen3.modules(parse({ num_hidden_layers: 1 }));
  const norms = modules.filter(({ name }) => /[qk]_norm$/.test(name));
  assert.deepEqual(
    norms.map((norm) => [norm.name, norm.kind === "norm" && norm.size]),
    [
      ["model.layers.0.self_attn.q_norm", 128],
      ["model.layers.0.self_attn.k_norm", 128],
    ],
  );
  assert.ok(modules.every((module) => module.kind !== "linear" || !module.bias));
});

test("a sliding window in use is refused", () => {
  assert.throws(() => parse({ use_sliding_window: true }), /use_sliding_window = true, expected false/);
});

import assert from "node:assert/strict";
import test from "node:test";
import { qwen2 } from "../../../src/model/architectures/qwen2.js";

/** config.json of Qwen2.5 0.5B. */
const written = {
  architectures: ["Qwen2ForCausalLM"],
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151643,
  hidden_act: "silu",
  hidden_size: 896,
  initializer_range: 0.02,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 24,
  model_type: "qwen2",
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  transformers_version: "4.40.1",
  use_cache: true,
  use_mrope: false,
  use_sliding_window: false,
  vocab_size: 151936,
};
const parse = (changes: object) => qwen2.parse({ ...written, ...changes }, "config.json");

test("Qwen2.5's config.json is read, and its unused sliding window is ignored", () => {
  assert.deepEqual(parse({}), {
    architecture: "qwen2",
    vocabSize: 151936,
    hiddenSize: 896,
    intermediateSize: 4864,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    headSize: 64,
    contextLength: 32768,
    ropeTheta: 1000000,
    normEpsilon: 1e-6,
    tiedEmbeddings: true,
    initializerRange: 0.02,
  });
});

test("a sliding window in use is refused", () => {
  assert.throws(() => parse({ use_sliding_window: true }), /use_sliding_window = true, expected false/);
  assert.throws(
    () => parse({ layer_types: ["full_attention", "sliding_attention"] }),
    /layer_types\.1 = "sliding_attention"/,
  );
});

test("only query, key and value have biases", () => {
  const biases = qwen2
    .modules(parse({ num_hidden_layers: 1 }))
    .filter((module) => module.kind === "linear" && module.bias);
  assert.deepEqual(
    biases.map(({ name }) => name),
    ["q", "k", "v"].map((name) => `model.layers.0.self_attn.${name}_proj`),
  );
});

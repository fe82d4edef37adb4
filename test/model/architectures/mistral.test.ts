import assert from "node:assert/strict";
import test from "node:test";
import { mistral } from "../../../src/model/architectures/mistral.js";

/** config.json of Mistral 7B v0.1. */
const written = {
  architectures: ["MistralForCausalLM"],
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: "silu",
  hidden_size: 4096,
  initializer_range: 0.02,
  intermediate_size: 14336,
  max_position_embeddings: 32768,
  model_type: "mistral",
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_theta: 10000.0,
  sliding_window: 4096,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  transformers_version: "4.34.0.dev0",
  use_cache: true,
  vocab_size: 32000,
};
const parse = (changes: object) => mistral.parse({ ...written, ...changes }, "config.json");

test("Mistral 7B's config.json is read", () => {
  assert.deepEqual(parse({}), {
    architecture: "mistral",
    vocabSize: 32000,
    hiddenSize: 4096,
    intermediateSize: 14336,
    layers: 32,
    heads: 32,
    kvHeads: 8,
    headSize: 128,
    contextLength: 32768,
    ropeTheta: 10000,
    normEpsilon: 1e-5,
    tiedEmbeddings: false,
    initializerRange: 0.02,
    slidingWindow: 4096,
  });
});

test("a null sliding_window means no window, and a missing one means the default of transformers", () => {
  assert.equal("slidingWindow" in parse({ sliding_window: null }), false);
  assert.equal(parse({ sliding_window: undefined }).slidingWindow, 4096);
  assert.equal(mistral.fields(parse({ sliding_window: null }))["sliding_window"], null);
});

test("layer_types that agree with sliding_window are accepted, and others are refused", () => {
  assert.deepEqual(parse({ layer_types: ["sliding_attention", "sliding_attention"] }), parse({}));
  const full = { sliding_window: null, layer_types: ["full_attention"] };
  assert.deepEqual(parse(full), parse({ sliding_window: null }));
  const mixed = /layer_types\.1 = "full_attention", expected "sliding_attention", because sliding_window = 4096/;
  assert.throws(() => parse({ layer_types: ["sliding_attention", "full_attention"] }), mixed);
  assert.throws(
    () => parse({ ...full, layer_types: ["sliding_attention"] }),
    /expected "full_attention", because sliding_window = null/,
  );
});

import assert from "node:assert/strict";
import test from "node:test";
import { qwen3Moe } from "../../../src/model/architectures/qwen3-moe.js";

/** config.json of Qwen3 30B-A3B. */
const written = {
  architectures: ["Qwen3MoeForCausalLM"],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 151643,
  decoder_sparse_step: 1,
  eos_token_id: 151645,
  head_dim: 128,
  hidden_act: "silu",
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 6144,
  max_position_embeddings: 40960,
  max_window_layers: 48,
  mlp_only_layers: [],
  model_type: "qwen3_moe",
  moe_intermediate_size: 768,
  norm_topk_prob: true,
  num_attention_heads: 32,
  num_experts: 128,
  num_experts_per_tok: 8,
  num_hidden_layers: 48,
  num_key_value_heads: 4,
  output_router_logits: false,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1000000.0,
  router_aux_loss_coef: 0.001,
  sliding_window: null,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  transformers_version: "4.51.0",
  use_cache: true,
  use_sliding_window: false,
  vocab_size: 151936,
};
const parse = (changes: object) => qwen3Moe.parse({ ...written, ...changes }, "config.json");

test("Qwen3-MoE's config.json is read", () => {
  assert.deepEqual(parse({}), {
    architecture: "qwen3_moe",
    vocabSize: 151936,
    hiddenSize: 2048,
    intermediateSize: 6144,
    layers: 48,
    heads: 32,
    kvHeads: 4,
    headSize: 128,
    contextLength: 40960,
    ropeTheta: 1000000,
    normEpsilon: 1e-6,
    tiedEmbeddings: false,
    initializerRange: 0.02,
    attentionBias: false,
    experts: 128,
    expertsPerToken: 8,
    expertSize: 768,
    normalizedRouting: true,
    routedLayers: new Array(48).fill(true),
  });
});

test("layers with experts are chosen as in transformers, and the number of experts is read under either name", () => {
  const layers = (changes: object) => parse({ num_hidden_layers: 5, ...changes }).routedLayers.map(Number);
  assert.deepEqual(layers({ decoder_sparse_step: 2 }), [0, 1, 0, 1, 0]);
  assert.deepEqual(layers({ mlp_only_layers: [0, 3] }), [0, 1, 1, 0, 1]);
  assert.deepEqual(layers({ decoder_sparse_step: 2, mlp_only_layers: [1] }), [0, 0, 0, 1, 0]);
  assert.equal(parse({ num_experts: undefined, num_local_experts: 16 }).experts, 16);
  assert.equal(parse({ num_experts: undefined }).experts, 128);
});

test("dense layers use intermediate_size, and experts use moe_intermediate_size", () => {
  const modules = qwen3Moe.modules(parse({ num_hidden_layers: 2, num_experts: 8, mlp_only_layers: [0] }));
  const width = (name: string) =>
    modules.flatMap((module) =>
      module.kind === "linear" && module.name === `model.layers.${name}` ? [module.outputs] : [],
    );
  assert.deepEqual(width("0.mlp.gate_proj"), [6144]);
  assert.deepEqual(width("0.mlp.gate"), []);
  assert.deepEqual(width("1.mlp.gate"), [8]);
  assert.deepEqual(width("1.mlp.experts.7.gate_proj"), [768]);
});

test("a sliding window and too many experts per token are refused", () => {
  assert.throws(() => parse({ use_sliding_window: true }), /use_sliding_window = true, expected false/);
  assert.throws(
    () => parse({ num_experts_per_tok: 200 }),
    /num_experts_per_tok = 200, expected at most the 128 experts of a layer$/,
  );
});

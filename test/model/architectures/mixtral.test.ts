import assert from "node:assert/strict";
import test from "node:test";
import { mixtral } from "../../../src/model/architectures/mixtral.js";

/** config.json of Mixtral 8x7B. */
const written = {
  architectures: ["MixtralForCausalLM"],
  attention_dropout: 0.0,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: "silu",
  hidden_size: 4096,
  initializer_range: 0.02,
  intermediate_size: 14336,
  max_position_embeddings: 32768,
  model_type: "mixtral",
  num_attention_heads: 32,
  num_experts_per_tok: 2,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  output_router_logits: false,
  rms_norm_eps: 1e-5,
  rope_theta: 1000000.0,
  router_aux_loss_coef: 0.02,
  sliding_window: null,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  transformers_version: "4.36.0.dev0",
  use_cache: true,
  vocab_size: 32000,
};
const parse = (changes: object) => mixtral.parse({ ...written, ...changes }, "config.json");

test("Mixtral's config.json is read", () => {
  assert.deepEqual(parse({}), {
    architecture: "mixtral",
    vocabSize: 32000,
    hiddenSize: 4096,
    intermediateSize: 14336,
    layers: 32,
    heads: 32,
    kvHeads: 8,
    headSize: 128,
    contextLength: 32768,
    ropeTheta: 1000000,
    normEpsilon: 1e-5,
    tiedEmbeddings: false,
    initializerRange: 0.02,
    experts: 8,
    expertsPerToken: 2,
  });
  assert.equal(parse({ sliding_window: 4096 }).slidingWindow, 4096);
});

test("a layer has a router and three matrices per expert", () => {
  const modules = mixtral.modules(parse({ num_hidden_layers: 1, num_local_experts: 2 }));
  const routed = modules.filter((module) => module.kind === "linear" && module.routed);
  assert.deepEqual(
    routed.map(
      (module) =>
        module.kind === "linear" && [
          module.name.slice("model.layers.0.block_sparse_moe.".length),
          module.inputs,
          module.outputs,
        ],
    ),
    [
      ["gate", 4096, 2],
      ...[0, 1].flatMap((expert) => [
        [`experts.${expert}.w1`, 4096, 14336],
        [`experts.${expert}.w3`, 4096, 14336],
        [`experts.${expert}.w2`, 14336, 4096],
      ]),
    ],
  );
});

test("settings that would change training and invalid numbers of experts are refused", () => {
  assert.throws(() => parse({ router_jitter_noise: 0.1 }), /router_jitter_noise = 0\.1, expected 0$/);
  assert.throws(() => parse({ output_router_logits: true }), /output_router_logits = true, expected false$/);
  assert.throws(
    () => parse({ num_experts_per_tok: 9 }),
    /num_experts_per_tok = 9, expected at most the 8 experts of a layer$/,
  );
  assert.throws(() => parse({ num_local_experts: 0 }), /num_local_experts = 0, expected/);
});

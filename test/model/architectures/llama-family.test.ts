import assert from "node:assert/strict";
import test from "node:test";
import { architectures } from "../../../src/model/architectures/index.js";

const fields = {
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
};
const { smollm3, granite, olmo2, phi3, stablelm } = architectures;

test("SmolLM3 rotates the layers marked in no_rope_layers, or all except every fourth", () => {
  const parse = (changes: object) => smollm3.parse({ ...fields, model_type: "smollm3", ...changes }, "config.json");
  assert.deepEqual(parse({}).rotatedLayers, [true, true, true, false]);
  assert.deepEqual(parse({ no_rope_layer_interval: 2 }).rotatedLayers, [true, false, true, false]);
  assert.deepEqual(parse({ no_rope_layers: [0, 1, 1, 0] }).rotatedLayers, [false, true, true, false]);
  assert.equal(parse({}).ropeTheta, 2000000);
  assert.throws(() => parse({ no_rope_layers: [1] }), /1 numbers in no_rope_layers, expected one for each of 4 layers/);
  assert.throws(() => parse({ use_sliding_window: true }), /use_sliding_window = true, expected false/);
});

test("Granite's multipliers default to 1 and must be above 0", () => {
  const parse = (changes: object) => granite.parse({ ...fields, model_type: "granite", ...changes }, "config.json");
  const { embeddingMultiplier, residualMultiplier, attentionMultiplier, logitDivisor } = parse({ logits_scaling: 8 });
  assert.deepEqual([embeddingMultiplier, residualMultiplier, attentionMultiplier, logitDivisor], [1, 1, 1, 8]);
  assert.throws(() => parse({ logits_scaling: 0 }), /logits_scaling = 0/);
});

test("OLMo 2 has no norm before attention, and norms as wide as all queries and as all keys", () => {
  const modules = olmo2.modules(olmo2.parse({ ...fields, model_type: "olmo2", num_hidden_layers: 1 }, "config.json"));
  const norms = modules
    .filter((module) => module.kind === "norm")
    .map(({ name, size }) => [name.replace("model.layers.0.", ""), size]);
  assert.deepEqual(norms, [
    ...[
      ["self_attn.q_norm", 32],
      ["self_attn.k_norm", 16],
    ],
    ...[
      ["post_attention_layernorm", 32],
      ["post_feedforward_layernorm", 32],
      ["model.norm", 32],
    ],
  ]);
});

test("Phi-3 uses the context length of LongRoPE's short factors and refuses other scaling", () => {
  const parse = (changes: object) =>
    phi3.parse({ ...fields, model_type: "phi3", max_position_embeddings: 131072, ...changes }, "config.json");
  const long = {
    rope_scaling: { type: "longrope", short_factor: [1, 1, 1], long_factor: [2, 2, 2] },
    partial_rotary_factor: 0.75,
  };
  const config = parse(long);
  assert.deepEqual([config.contextLength, config.rotaryFactor], [4096, 0.75]);
  const written = phi3.fields(config);
  assert.deepEqual([written["max_position_embeddings"], written["original_max_position_embeddings"]], [131072, 4096]);
  assert.equal(parse({}).contextLength, 131072);
  assert.throws(() => parse({ ...long, partial_rotary_factor: 1 }), /3 numbers in short_factor, expected 4/);
  assert.throws(() => parse({ rope_scaling: { type: "yarn", factor: 2 } }), /rope_type = "yarn", expected "longrope"/);
});

test("StableLM rotates a quarter of each head by default, and its parallel layers have one norm", () => {
  const parse = (changes: object) => stablelm.parse({ ...fields, model_type: "stablelm", ...changes }, "config.json");
  assert.deepEqual([parse({}).rotaryFactor, parse({ partial_rotary_factor: 0.5 }).rotaryFactor], [0.25, 0.5]);
  const norms = (config: ReturnType<typeof parse>) =>
    stablelm.modules(config).filter(({ kind }) => kind === "norm").length;
  assert.deepEqual([norms(parse({})), norms(parse({ use_parallel_residual: true }))], [9, 5]);
  assert.throws(() => parse({ qk_layernorm: true }), /qk_layernorm = true, expected false/);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gemma2, gemma3 } from "../../../src/model/architectures/gemma.js";

describe("Gemma 2", () => {
  /** config.json of Gemma 2 2B. */
  const written = {
    architectures: ["Gemma2ForCausalLM"],
    attention_bias: false,
    attention_dropout: 0.0,
    attn_logit_softcapping: 50.0,
    bos_token_id: 2,
    cache_implementation: "hybrid",
    eos_token_id: 1,
    final_logit_softcapping: 30.0,
    head_dim: 256,
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    hidden_size: 2304,
    initializer_range: 0.02,
    intermediate_size: 9216,
    max_position_embeddings: 8192,
    model_type: "gemma2",
    num_attention_heads: 8,
    num_hidden_layers: 26,
    num_key_value_heads: 4,
    pad_token_id: 0,
    query_pre_attn_scalar: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10000.0,
    sliding_window: 4096,
    torch_dtype: "float32",
    transformers_version: "4.42.4",
    use_cache: true,
    vocab_size: 256000,
  };
  const parse = (changes: object) => gemma2.parse({ ...written, ...changes }, "config.json");

  it("is read from its config.json, with a window in every other layer and a tied head", () => {
    assert.deepEqual(parse({ num_hidden_layers: 3 }), {
      architecture: "gemma2",
      vocabSize: 256000,
      hiddenSize: 2304,
      intermediateSize: 9216,
      layers: 3,
      heads: 8,
      kvHeads: 4,
      headSize: 256,
      contextLength: 8192,
      ropeTheta: 10000,
      normEpsilon: 1e-6,
      tiedEmbeddings: true,
      initializerRange: 0.02,
      attentionBias: false,
      queryPreAttentionScalar: 256,
      scoreSoftCap: 50,
      logitSoftCap: 30,
      slidingWindow: 4096,
      windowedLayers: [true, false, true],
    });
  });

  it("has no caps if they are null, and the defaults of transformers if they are missing", () => {
    const uncapped = parse({ attn_logit_softcapping: null, final_logit_softcapping: null });
    assert.ok(!("scoreSoftCap" in uncapped) && !("logitSoftCap" in uncapped));
    assert.equal(gemma2.fields(uncapped)["final_logit_softcapping"], null);
    const left = parse({ attn_logit_softcapping: undefined, final_logit_softcapping: undefined });
    assert.deepEqual([left.scoreSoftCap, left.logitSoftCap], [50, 30]);
  });

  it("is refused with another activation, bidirectional attention or a wrong number of layer_types", () => {
    assert.throws(
      () => parse({ hidden_activation: "silu" }),
      /hidden_activation = "silu", expected "gelu_pytorch_tanh"/,
    );
    assert.throws(
      () => parse({ use_bidirectional_attention: true }),
      /use_bidirectional_attention = true, expected false/,
    );
    assert.throws(
      () => parse({ layer_types: ["full_attention"] }),
      /1 layer_types, expected one for each of 26 layers/,
    );
  });
});

describe("Gemma 3", () => {
  /** The fields of Gemma 3 1B's config.json that describe its layers. */
  const written = {
    architectures: ["Gemma3ForCausalLM"],
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
    head_dim: 256,
    hidden_activation: "gelu_pytorch_tanh",
    hidden_size: 1152,
    intermediate_size: 6912,
    max_position_embeddings: 32768,
    model_type: "gemma3_text",
    num_attention_heads: 4,
    num_hidden_layers: 26,
    num_key_value_heads: 1,
    query_pre_attn_scalar: 256,
    rms_norm_eps: 1e-6,
    rope_local_base_freq: 10000,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: 512,
    sliding_window_pattern: 6,
    vocab_size: 262144,
  };
  const parse = (changes: object) => gemma3.parse({ ...written, ...changes }, "config.json");

  it("has a window in five of six layers, with a separate rotary base", () => {
    const { windowedLayers, ropeTheta, windowedRotary, slidingWindow } = parse({});
    assert.deepEqual(
      windowedLayers,
      Array.from({ length: 26 }, (_, i) => i % 6 !== 5),
    );
    assert.deepEqual([ropeTheta, windowedRotary, slidingWindow], [1000000, { ropeTheta: 10000 }, 512]);
  });

  it("scales only layers without a window, as configured by transformers 4 or 5", () => {
    const linear = { type: "linear", factor: 8 };
    const old = parse({ rope_scaling: { rope_type: "linear", factor: 8 } });
    assert.deepEqual([old.ropeScaling, old.windowedRotary], [linear, { ropeTheta: 10000 }]);
    const kinds = {
      full_attention: { rope_type: "linear", rope_theta: 500, factor: 8 },
      sliding_attention: { rope_type: "default", rope_theta: 20 },
    };
    const found = parse({ rope_parameters: kinds, rope_theta: undefined, rope_local_base_freq: undefined });
    assert.deepEqual([found.ropeTheta, found.ropeScaling, found.windowedRotary], [500, linear, { ropeTheta: 20 }]);
    assert.deepEqual(gemma3.parse({ ...written, ...gemma3.fields(found) }, ""), found);
  });

  it("is refused with capped attention scores", () => {
    assert.throws(() => parse({ attn_logit_softcapping: 50 }), /attn_logit_softcapping = 50/);
  });
});

import assert from "node:assert/strict";
import test from "node:test";
import { gptNeoX } from "../../../src/model/architectures/gpt-neox.js";

/** config.json of Pythia 70M, as written by transformers 4. */
const written = {
  architectures: ["GPTNeoXForCausalLM"],
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: "gelu",
  hidden_size: 512,
  initializer_range: 0.02,
  intermediate_size: 2048,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 2048,
  model_type: "gpt_neox",
  num_attention_heads: 8,
  num_hidden_layers: 6,
  rotary_emb_base: 10000,
  rotary_pct: 0.25,
  tie_word_embeddings: false,
  torch_dtype: "float16",
  transformers_version: "4.24.0",
  use_cache: true,
  use_parallel_residual: true,
  vocab_size: 50304,
};
const parse = (changes: object) => gptNeoX.parse({ ...written, ...changes }, "config.json");

test("Pythia's config.json is read", () => {
  assert.deepEqual(parse({}), {
    architecture: "gpt_neox",
    vocabSize: 50304,
    hiddenSize: 512,
    intermediateSize: 2048,
    layers: 6,
    heads: 8,
    kvHeads: 8,
    headSize: 64,
    contextLength: 2048,
    ropeTheta: 10000,
    rotaryFactor: 0.25,
    parallelResidual: true,
    attentionBias: true,
    activation: "gelu",
    normEpsilon: 1e-5,
    tiedEmbeddings: false,
    initializerRange: 0.02,
  });
});

test("rotary settings are read from the fields of transformers 4 and of transformers 5", () => {
  const old = parse({ rotary_pct: 0.5, rotary_emb_base: 500 });
  assert.deepEqual([old.rotaryFactor, old.ropeTheta], [0.5, 500]);
  const rope = { rope_type: "default", rope_theta: 700, partial_rotary_factor: 1 };
  const found = parse({ rotary_pct: undefined, rotary_emb_base: undefined, rope_parameters: rope });
  assert.deepEqual([found.rotaryFactor, found.ropeTheta], [1, 700]);
});

test("all names of tanh GELU map to one activation", () => {
  for (const name of ["gelu_new", "gelu_fast", "gelu_pytorch_tanh"])
    assert.equal(parse({ hidden_act: name }).activation, "gelu-tanh");
});

const refused: readonly [object, RegExp][] = [
  [{ hidden_act: "relu" }, /hidden_act = "relu", expected one of "gelu"\|"gelu_new"/],
  [{ num_attention_heads: 7 }, /num_attention_heads = 7, expected a divisor of hidden_size = 512/],
  [{ rotary_pct: 0.05 }, /3 of 64 elements of a head to rotate, expected an even number/],
  [{ rotary_pct: 0.01 }, /0 of 64 elements of a head to rotate, expected an even number/],
  [{ rotary_pct: 1.5 }, /rotary_pct = 1\.5/],
];
for (const [changes, message] of refused) {
  test(`${JSON.stringify(changes)} is refused`, () => assert.throws(() => parse(changes), message));
}

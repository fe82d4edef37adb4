import assert from "node:assert/strict";
import test from "node:test";
import { gpt2 } from "../../../src/model/architectures/gpt2.js";

/** config.json of openai-community/gpt2, without the settings for its examples. */
const written = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  vocab_size: 50257,
};
const parse = (changes: object) => gpt2.parse({ ...written, ...changes }, "config.json");

test("GPT-2's config.json is read, with a tied head and a feed-forward four times the hidden size", () => {
  assert.deepEqual(parse({}), {
    architecture: "gpt2",
    vocabSize: 50257,
    hiddenSize: 768,
    intermediateSize: 3072,
    layers: 12,
    heads: 12,
    kvHeads: 12,
    headSize: 64,
    contextLength: 1024,
    activation: "gelu-tanh",
    normEpsilon: 1e-5,
    tiedEmbeddings: true,
    initializerRange: 0.02,
  });
});

const refused: readonly [object, RegExp][] = [
  [{ scale_attn_weights: false }, /scale_attn_weights = false, expected true/],
  [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx = true, expected false/],
  [{ add_cross_attention: true }, /add_cross_attention = true, expected false/],
  [{ activation_function: "relu" }, /activation_function = "relu", expected one of "gelu"\|"gelu_new"/],
  [{ n_head: 7 }, /n_head = 7, expected a divisor of n_embd = 768/],
  [{ n_embd: undefined }, /n_embd = nothing/],
];
for (const [changes, message] of refused) {
  test(`${JSON.stringify(changes)} is refused`, () => assert.throws(() => parse(changes), message));
}

import assert from "node:assert/strict";
import test from "node:test";
import { storedNames } from "../../../src/model/checkpoint/stored-names.js";
import { gpt2Config, gptNeoXConfig, tinyConfig } from "../../support/tiny-model.js";

test("storedNames accepts a parameter with or without the common prefix", () => {
  const nameOf = storedNames(gpt2Config);
  assert.equal(nameOf("transformer.h.0.attn.c_attn.bias"), "transformer.h.0.attn.c_attn.bias");
  assert.equal(nameOf("h.0.attn.c_attn.bias"), "transformer.h.0.attn.c_attn.bias");
  assert.equal(nameOf("wte.weight"), "transformer.wte.weight");
  assert.equal(storedNames(tinyConfig)("norm.weight"), "model.norm.weight");
});

test("storedNames leaves the head and unknown names unchanged", () => {
  assert.equal(storedNames(gpt2Config)("lm_head.weight"), "lm_head.weight");
  assert.equal(storedNames(tinyConfig)("score.weight"), "score.weight");
  assert.equal(
    storedNames(tinyConfig)("model.layers.7.input_layernorm.weight"),
    "model.layers.7.input_layernorm.weight",
  );
});

test("storedNames returns undefined for masks and rotary frequencies", () => {
  for (const name of ["h.0.attn.bias", "transformer.h.1.attn.masked_bias"])
    assert.equal(storedNames(gpt2Config)(name), undefined);
  for (const buffer of ["bias", "masked_bias", "rotary_emb.inv_freq"]) {
    assert.equal(storedNames(gptNeoXConfig)(`gpt_neox.layers.0.attention.${buffer}`), undefined);
  }
  assert.equal(storedNames(tinyConfig)("model.layers.0.self_attn.rotary_emb.inv_freq"), undefined);
  const dense = "gpt_neox.layers.0.attention.dense.bias";
  assert.equal(storedNames(gptNeoXConfig)(dense), dense);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import type { ModelConfig } from "../../../src/model/config.js";
import {
  headName,
  initialParameters,
  linearLayers,
  parameterCount,
  parameterShapes,
} from "../../../src/model/parameters/parameters.js";
import { assertSameTensors } from "../../support/compare.js";
import { loadModelCase, modelCases } from "../../support/model-case.js";
import { gpt2Config, gptNeoXConfig, tinyConfig } from "../../support/tiny-model.js";

const initial = (seed: number) => initialParameters(tinyConfig, Random.seeded(seed));

function deviation(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
}

describe("parameters", () => {
  for (const name of modelCases) {
    it(`have the names and shapes of transformers (${name})`, async () => {
      const { config, parameters } = await loadModelCase(name);
      const shapes = Object.fromEntries([...parameters].map(([key, { shape }]) => [key, shape]));
      assert.deepEqual(Object.fromEntries(parameterShapes(config)), shapes);
      assert.equal(
        parameterCount(config),
        [...parameters.values()].reduce((count, { data }) => count + data.length, 0),
      );
    });
  }

  it("include a separate head if the embedding is not tied", () => {
    assert.ok(!parameterShapes(tinyConfig).has(headName(tinyConfig)));
    assert.deepEqual(parameterShapes({ ...tinyConfig, tiedEmbeddings: false }).get(headName(tinyConfig)), [
      tinyConfig.vocabSize,
      16,
    ]);
  });
});

describe("linearLayers", () => {
  it("returns the sizes, bias and layout of each layer", () => {
    const [query, key, , , , , down] = linearLayers(tinyConfig);
    const layer = {
      kind: "linear",
      inputs: 16,
      outputs: 16,
      bias: false,
      layout: "out-in",
      residual: false,
      routed: false,
    };
    assert.deepEqual(query, { ...layer, name: "model.layers.0.self_attn.q_proj" });
    assert.deepEqual(key, { ...layer, name: "model.layers.0.self_attn.k_proj", outputs: 8 });
    assert.deepEqual(down, { ...layer, name: "model.layers.0.mlp.down_proj", inputs: 24, residual: true });
    const fused = linearLayers(gpt2Config).find(({ name }) => name === "transformer.h.1.attn.c_attn");
    assert.deepEqual(fused, {
      ...layer,
      name: "transformer.h.1.attn.c_attn",
      outputs: 48,
      bias: true,
      layout: "in-out",
    });
  });

  it("returns names that end with PEFT's target modules", () => {
    const targets = (config: ModelConfig) => [
      ...new Set(linearLayers(config).map(({ name }) => name.split(".").at(-1))),
    ];
    const ofLlama = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
    assert.deepEqual(targets(tinyConfig), ofLlama);
    assert.deepEqual(targets({ ...tinyConfig, architecture: "qwen2", tiedEmbeddings: false }), [...ofLlama, "lm_head"]);
    assert.deepEqual(targets(gptNeoXConfig), [
      "query_key_value",
      "dense",
      "dense_h_to_4h",
      "dense_4h_to_h",
      "embed_out",
    ]);
    assert.deepEqual(targets(gpt2Config), ["c_attn", "c_proj", "c_fc"]);
  });
});

describe("initialParameters", () => {
  it("returns the same bytes for the same seed and different bytes for another", () => {
    assertSameTensors(initial(3), initial(3));
    assert.throws(() => assertSameTensors(initial(3), initial(4)));
  });

  it("draws matrices with the configured deviation, smaller ones for residual outputs, and sets norms to 1", () => {
    const parameters = initial(3);
    const deviationOf = (name: string) => deviation(parameters.get(`model.${name}.weight`)!.data);
    const { initializerRange, layers } = tinyConfig;
    assert.ok(Math.abs(deviationOf("embed_tokens") / initializerRange - 1) < 0.05);
    assert.ok(Math.abs(deviationOf("layers.0.mlp.up_proj") / initializerRange - 1) < 0.15);
    const residual = initializerRange / Math.sqrt(2 * layers);
    for (const name of ["self_attn.o_proj", "mlp.down_proj"]) {
      assert.ok(Math.abs(deviationOf(`layers.1.${name}`) / residual - 1) < 0.15, name);
    }
    for (const name of ["norm", "layers.0.input_layernorm", "layers.1.post_attention_layernorm"]) {
      assert.ok(
        parameters.get(`model.${name}.weight`)!.data.every((x) => x === 1),
        name,
      );
    }
  });

  it("sets only biases to 0", () => {
    const parameters = [...initialParameters(gpt2Config, Random.seeded(3))];
    const biases = parameters.filter(([name]) => name.endsWith(".bias"));
    assert.equal(biases.length, 2 * 6 + 1);
    for (const [name, { data }] of biases)
      assert.ok(
        data.every((x) => x === 0),
        name,
      );
    for (const [name, { data }] of parameters) assert.ok(name.endsWith(".bias") || !data.includes(0), name);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { headName, initialParameters, parameterCount, parameterShapes } from "../../src/model/parameters.js";
import { assertSameTensors } from "../support/compare.js";
import { llamaCases, loadLlamaCase } from "../support/llama-case.js";
import { tinyConfig } from "../support/tiny-model.js";

const initial = (seed: number) => initialParameters(tinyConfig, Random.seeded(seed));

function deviation(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
}

describe("parameters", () => {
  for (const name of llamaCases) {
    it(`have the names and shapes that transformers gives them (${name})`, async () => {
      const { config, parameters } = await loadLlamaCase(name);
      const shapes = Object.fromEntries([...parameters].map(([key, { shape }]) => [key, shape]));
      assert.deepEqual(Object.fromEntries(parameterShapes(config)), shapes);
      assert.equal(parameterCount(config), [...parameters.values()].reduce((count, { data }) => count + data.length, 0));
    });
  }

  it("have a head of their own where the embedding is not tied", () => {
    assert.ok(!parameterShapes(tinyConfig).has(headName(tinyConfig)));
    assert.deepEqual(parameterShapes({ ...tinyConfig, tiedEmbeddings: false }).get(headName(tinyConfig)), [tinyConfig.vocabSize, 16]);
  });
});

describe("initialParameters", () => {
  it("gives the same seed the same bytes, and another seed others", () => {
    assertSameTensors(initial(3), initial(3));
    assert.throws(() => assertSameTensors(initial(3), initial(4)));
  });

  it("draws matrices with the configured deviation, less where they write into the residual stream, and norms at 1", () => {
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
      assert.ok(parameters.get(`model.${name}.weight`)!.data.every((x) => x === 1), name);
    }
  });
});

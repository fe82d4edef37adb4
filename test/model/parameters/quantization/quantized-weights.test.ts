import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parameterBytes } from "../../../../src/model/parameters/memory.js";
import {
  quantizedWeights,
  requireTrainable,
  weightsNamed,
} from "../../../../src/model/parameters/quantization/quantized-weights.js";
import { gpt2Config, tinyConfig } from "../../../support/tiny-model.js";

const config = { ...tinyConfig, hiddenSize: 32, intermediateSize: 64, headSize: 8 };

describe("quantized weights", () => {
  it("include all linear layers and the token embedding; the embedding and the head keep 8 bits", () => {
    const bitsOf = (given: Parameters<typeof quantizedWeights>[0]) =>
      Object.fromEntries([...quantizedWeights(given)].map(([name, { bits }]) => [name, bits]));
    const eight = bitsOf({ ...config, weights: "int8" });
    assert.equal(Object.keys(eight).length, 1 + 2 * 7);
    assert.ok(Object.values(eight).every((bits) => bits === 8));
    const four = bitsOf({ ...config, tiedEmbeddings: false, weights: "int4" });
    assert.deepEqual(
      Object.entries(four)
        .filter(([, bits]) => bits === 8)
        .map(([name]) => name),
      ["model.embed_tokens.weight", "lm_head.weight"],
    );
    assert.equal(quantizedWeights(config).size, 0);
  });

  it("use the layout [out, in] even if the file has [in, out], and exclude position embeddings", () => {
    const found = quantizedWeights({
      ...gpt2Config,
      hiddenSize: 32,
      intermediateSize: 64,
      headSize: 8,
      weights: "int8",
    });
    assert.deepEqual(found.get("transformer.h.0.mlp.c_fc.weight"), {
      bits: 8,
      outputs: 64,
      inputs: 32,
      transposed: true,
    });
    assert.ok(found.has("transformer.wte.weight"));
    assert.ok(!found.has("transformer.wpe.weight"));
  });

  it("include experts but not their router", () => {
    const sizes = {
      experts: 2,
      expertsPerToken: 1,
      expertSize: 32,
      normalizedRouting: true,
      routedLayers: [false, true],
      attentionBias: false,
    };
    const found = [...quantizedWeights({ ...config, ...sizes, architecture: "qwen3_moe", weights: "int4" }).keys()];
    assert.ok(found.includes("model.layers.0.mlp.gate_proj.weight"));
    assert.ok(found.includes("model.layers.1.mlp.experts.1.down_proj.weight"));
    assert.ok(!found.includes("model.layers.1.mlp.gate.weight"));
  });

  it("take 36 bytes per 32 values in 8 bits and 20 bytes in 4 bits", () => {
    const sizes = (["int8", "int4"] as const).map((weights) => parameterBytes({ ...config, weights }));
    const [embedding, layers] = [config.vocabSize * 32, 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64)];
    const norms = 4 * 5 * 32;
    assert.deepEqual(sizes, [
      norms + ((embedding + layers) / 32) * 36,
      norms + (embedding / 32) * 36 + (layers / 32) * 20,
    ]);
    assert.equal(parameterBytes(config), norms + 4 * (embedding + layers));
  });

  it("require row lengths divisible by the block size", () => {
    const odd = { ...tinyConfig, hiddenSize: 32, intermediateSize: 40, headSize: 8, weights: "int8" } as const;
    const message =
      /^weights: int8 holds rows in blocks of 32 numbers, but those of model\.layers\.0\.mlp\.down_proj have 40; leave weights out$/;
    assert.throws(() => quantizedWeights(odd), { name: "InputError", message });
  });

  it("are frozen: training requires an adapter", () => {
    const message =
      /^weights: the matrices of a model in int4 cannot be trained; train adapters \(lora: \{ rank: 16 \}, --lora-rank 16\), or leave weights out$/;
    assert.throws(() => requireTrainable({ ...config, weights: "int4" }), { name: "InputError", message });
    requireTrainable({ ...config, weights: "int4", adapter: { rank: 1, alpha: 1, targets: ["*"] } });
    requireTrainable(config);
  });

  it("are selected by name, and unknown names are refused", () => {
    assert.deepEqual(["float32", "int8", "int4"].map(weightsNamed), [undefined, "int8", "int4"]);
    assert.throws(() => weightsNamed("int 8"), {
      name: "InputError",
      message: 'weights: found "int 8", expected one of float32, int8, int4; did you mean int8?',
    });
    assert.throws(() => weightsNamed(8), {
      name: "InputError",
      message: "weights: found 8, expected one of float32, int8, int4",
    });
  });
});

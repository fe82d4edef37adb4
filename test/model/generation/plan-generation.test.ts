import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ModelConfig } from "../../../src/model/config.js";
import { planGeneration, type GenerationRequest } from "../../../src/model/generation/plan-generation.js";
import { parameterCount } from "../../../src/model/parameters/parameters.js";
import { tinyConfig } from "../../support/tiny-model.js";

/** A model too large for lanes, whose weights are read again at each step. */
const large: ModelConfig = {
  ...tinyConfig,
  ...{ layers: 30, hiddenSize: 576, intermediateSize: 1536, heads: 9, kvHeads: 3, headSize: 64 },
  contextLength: 4096,
};
const sizes = { contextLengths: [4096], maxNewTokens: 32, batchSize: 16 };
const asked = (...lengths: number[]): GenerationRequest[] =>
  lengths.map((length, i) => ({ key: `${i}`, prompt: new Int32Array(length), responses: 1 }));
/** Lengths of the prompts of each batch. */
const planned = (config: ModelConfig, lengths: readonly number[], own = sizes) =>
  planGeneration(config, asked(...lengths), own).map(({ rows }) => rows.map(({ prompts }) => prompts[0]!.length));

describe("planGeneration", () => {
  it("puts a few prompts of similar lengths into one batch, sorted by length", () => {
    assert.ok(parameterCount(large) > 10e6);
    const [batch, ...others] = planGeneration(large, asked(40, 60, 30, 90), sizes);
    assert.deepEqual(others, []);
    assert.deepEqual(
      batch!.rows.map(({ request }) => request),
      [2, 0, 1, 3],
    );
    assert.deepEqual(batch!.shapes, [{ prompts: 4, promptLength: 96, rows: 4, capacity: 128 }]);
  });

  it("gives a much longer prompt its own batch", () => {
    assert.deepEqual(planned(large, [40, 2000, 41, 42, 43, 44, 45, 46]), [[40, 41, 42, 43, 44, 45, 46], [2000]]);
  });

  it("never exceeds batchSize", () => {
    const batches = planned(
      large,
      Array.from({ length: 40 }, (_, i) => 10 + i),
    );
    assert.equal(batches.flat().length, 40);
    assert.ok(batches.every((batch) => batch.length <= 16));
  });

  it("separates lengths into batches of their own if the model is small enough for lanes", () => {
    assert.deepEqual(planned(tinyConfig, [5, 9, 6, 10], { ...sizes, contextLengths: [48] }), [
      [5, 6],
      [9, 10],
    ]);
  });
});

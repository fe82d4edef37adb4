import assert from "node:assert/strict";
import { it } from "node:test";
import { freezesParameters } from "../../../src/model/generation/freezing.js";
import { parameterBytes } from "../../../src/model/parameters/memory.js";
import { preset, type PresetName } from "../../../src/model/presets.js";

it("freezesParameters returns true only if the model and the number of steps are large enough to pay off", () => {
  const frozen = (name: PresetName, vocabSize: number, steps: number) =>
    freezesParameters({ ...preset(name).config, vocabSize }, steps);
  assert.deepEqual(
    [48, 48 * 32].map((steps) => frozen("world", 200, steps)),
    [false, true],
  );
  assert.deepEqual(
    [128, 256].map((tokens) => frozen("small", 4096, tokens)),
    [false, true],
  );
  assert.deepEqual(
    [31, 32].map((tokens) => frozen("base", 8192, tokens)),
    [false, true],
  );
});

it("freezesParameters returns true only if memory holds four times the parameters", () => {
  const config = { ...preset("base").config, vocabSize: 8192 };
  const bytes = parameterBytes(config);
  assert.deepEqual(
    [4 * bytes - 1, 4 * bytes].map((memory) => freezesParameters(config, 64, memory)),
    [false, true],
  );
});

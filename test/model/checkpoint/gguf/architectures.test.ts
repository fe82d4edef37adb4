import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { OnnxEngine } from "../../../../src/engine/onnx/engine.js";
import { loadCheckpoint } from "../../../../src/model/checkpoint/checkpoint.js";
import { parseHuggingFaceConfig } from "../../../../src/model/checkpoint/hugging-face-config.js";
import { parameterShapes } from "../../../../src/model/parameters/parameters.js";
import { assertClose } from "../../../support/compare.js";
import { logitsOf } from "../../../support/logits-of.js";

const folder = "test/fixtures/gguf/architectures";
const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** transformers' config.json of each file, and its logits at the last of the tokens; `make.py` says how they were made. */
const cases = JSON.parse(readFileSync(`${folder}/cases.json`, "utf8")) as Record<
  string,
  { config: object; ids: number[]; logits: number[] }
>;

describe("architectures of Llama's family in GGUF", () => {
  for (const [name, { config, ids, logits }] of Object.entries(cases)) {
    test(`${name}: the config of transformers`, async () => {
      const loaded = await loadCheckpoint(`${folder}/${name}.gguf`);
      assert.deepEqual(loaded.config, parseHuggingFaceConfig(JSON.stringify(config), name));
    });

    test(`${name}: the logits of transformers`, async () => {
      const { config, parameters } = await loadCheckpoint(`${folder}/${name}.gguf`);
      assert.deepEqual([...parameters.keys()], [...parameterShapes(config).keys()]);
      const found = await logitsOf(engine, config, parameters, [ids]);
      assertClose(found.subarray(-config.vocabSize), logits, 1e-5, "logits");
    });
  }
});

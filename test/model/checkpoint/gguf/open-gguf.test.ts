import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { OnnxEngine } from "../../../../src/engine/onnx/engine.js";
import { loadCheckpoint, saveCheckpoint } from "../../../../src/model/checkpoint/checkpoint.js";
import { openGguf } from "../../../../src/model/checkpoint/gguf/open-gguf.js";
import { parameterShapes } from "../../../../src/model/parameters/parameters.js";
import { readSafetensors } from "../../../../src/model/checkpoint/safetensors/safetensors.js";
import { assertClose } from "../../../support/compare.js";
import { emptyFolder } from "../../../support/folder.js";
import { logitsOf } from "../../../support/logits-of.js";

const folder = "test/fixtures/gguf";
const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** Logits that transformers computes from the same files at the last of these tokens. */
const cases = JSON.parse(readFileSync(`${folder}/logits.json`, "utf8")) as Record<
  string,
  { ids: number[]; logits: number[] }
>;

describe("a model in GGUF", () => {
  for (const [name, { ids, logits }] of Object.entries(cases)) {
    test(`${name}: dequantized weights give the logits of transformers`, async () => {
      const { config, parameters } = await loadCheckpoint(`${folder}/${name}.gguf`);
      assert.deepEqual([...parameters.keys()], [...parameterShapes(config).keys()]);
      const found = await logitsOf(engine, config, parameters, [ids]);
      assertClose(found.subarray(-config.vocabSize), logits, 1e-5, "logits");
    });
  }

  for (const name of ["llama3", "gpt2", "gpt-neox"]) {
    test(`${name}: float32 weights match the safetensors file exactly`, async () => {
      const { parameters } = await loadCheckpoint(`${folder}/${name}.gguf`);
      const { tensors } = await readSafetensors(`${folder}/${name}.safetensors`);
      assert.deepEqual([...parameters.keys()].toSorted(), [...tensors.keys()].toSorted());
      for (const [each, weight] of parameters) assert.deepEqual(weight, tensors.get(each), each);
    });
  }

  test("has Llama 3's rotary scaling from its divisors, an untied head, and settings as short decimals", async () => {
    const { config } = await loadCheckpoint(`${folder}/llama3.gguf`);
    assert.deepEqual(config, {
      architecture: "llama",
      vocabSize: 404,
      hiddenSize: 32,
      intermediateSize: 96,
      layers: 1,
      heads: 2,
      kvHeads: 1,
      headSize: 16,
      contextLength: 131072,
      ropeTheta: 500000,
      ropeScaling: {
        type: "llama3",
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextLength: 8192,
      },
      normEpsilon: 1e-5,
      tiedEmbeddings: false,
      initializerRange: 0.02,
    });
  });

  test("rotates a part of each head (GPT-NeoX)", async () => {
    const { config } = await loadCheckpoint(`${folder}/gpt-neox.gguf`);
    assert.equal(config.architecture === "gpt_neox" && config.rotaryFactor, 0.5);
    assert.equal(config.architecture === "gpt_neox" && config.parallelResidual, true);
  });

  test("keeps its config, weights, tokenizer and stop ids when saved in the Hugging Face layout", async (t) => {
    const loaded = await loadCheckpoint(`${folder}/llama.gguf`);
    const saved = join(emptyFolder(t), "saved");
    await saveCheckpoint(saved, loaded);
    const again = await loadCheckpoint(saved);
    assert.deepEqual(again.config, loaded.config);
    assert.deepEqual(again.parameters, loaded.parameters);
    assert.deepEqual(again.tokenizer.files, loaded.tokenizer.files);
    assert.deepEqual(again.tokenizer.stopIds, loaded.tokenizer.stopIds);
    const messages = [{ role: "user" as const, content: "the cat counted 1024 times" }];
    const { text } = loaded.tokenizer.renderPrompt(messages);
    assert.equal(text, "<|im_start|>user\nthe cat counted 1024 times<|im_end|>\n<|im_start|>assistant\n");
    assert.deepEqual(again.tokenizer.encode(text), loaded.tokenizer.encode(text));
  });

  test("is loaded by its path or as the only one in a folder, and refused in a folder with several", async (t) => {
    const { config, parameters } = await loadCheckpoint(`${folder}/llama.gguf`);
    const single = emptyFolder(t);
    for (const name of ["any-name.gguf", "mmproj-F16.gguf"]) copyFileSync(`${folder}/llama.gguf`, join(single, name));
    const found = await loadCheckpoint(single);
    assert.deepEqual([found.config, found.parameters], [config, parameters]);
    await assert.rejects(loadCheckpoint(folder), {
      name: "InputError",
      message: `${folder}: several GGUF files: gpt-neox.gguf, gpt2.gguf, llama.gguf, llama3.gguf and 1 more; name one by its path, or on the hub by its quantisation, such as org/name:gpt-neox.gguf`,
    });
  });

  test("reads its weights one at a time", async () => {
    const { weights } = await openGguf(`${folder}/llama.gguf`);
    const { shape, data } = await weights.read("model.layers.1.mlp.down_proj.weight");
    assert.deepEqual(shape, [64, 96]);
    assert.equal(data.length, 64 * 96);
    await assert.rejects(
      weights.read("model.layers.9.mlp.down_proj.weight"),
      /no tensor "model\.layers\.9\.mlp\.down_proj\.weight"/,
    );
    await weights.close();
  });
});

import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Random } from "../../../src/base/random.js";
import { tensor } from "../../../src/graph/tensor.js";
import { fitWeights } from "../../../src/model/checkpoint/fit-weights.js";
import { readAll } from "../../../src/model/checkpoint/tensor-source.js";
import { openWeights } from "../../../src/model/checkpoint/weight-files.js";
import { writeWeights } from "../../../src/model/checkpoint/write-weights.js";
import type { ModelConfig } from "../../../src/model/config.js";
import { initialParameters, parameterShapes, type Parameters } from "../../../src/model/parameters/parameters.js";
import { emptyFolder } from "../../support/folder.js";
import { tinyConfig } from "../../support/tiny-model.js";

const gpt2: ModelConfig = {
  architecture: "gpt2",
  vocabSize: 7,
  hiddenSize: 4,
  intermediateSize: 6,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  headSize: 2,
  contextLength: 5,
  activation: "gelu-tanh",
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  initializerRange: 0.2,
};
const parameters = initialParameters(gpt2, Random.seeded(1));
const ones = (count: number) => tensor([count], new Float32Array(count).fill(1));

async function fitted(t: TestContext, config: ModelConfig, stored: Parameters) {
  const folder = emptyFolder(t);
  await writeWeights(folder, stored);
  const files = await openWeights(folder);
  t.after(() => files.close());
  return fitWeights(config, files);
}

test("parameters are in the order of the layers for any order of the file", async (t) => {
  const weights = await fitted(t, gpt2, new Map([...parameters].reverse()));
  assert.deepEqual([...weights.tensors.keys()], [...parameterShapes(gpt2).keys()]);
  assert.deepEqual(await readAll(weights), parameters);
});

test("a model saved without its name prefix and with masks is read under the full parameter names", async (t) => {
  const bare = new Map([...parameters].map(([name, value]) => [name.replace("transformer.", ""), value]));
  bare.set("h.0.attn.bias", ones(25)).set("h.0.attn.masked_bias", ones(1));
  const weights = await fitted(t, gpt2, bare);
  assert.deepEqual(await readAll(weights), parameters);
  assert.equal((await weights.readAsStored("transformer.ln_f.weight")).data.length, 4);
  await assert.rejects(weights.read("lm_head.weight"), /no tensor "lm_head\.weight"/);
});

test("one parameter under two names is refused", async (t) => {
  const twice = new Map(parameters).set("ln_f.weight", parameters.get("transformer.ln_f.weight")!);
  await assert.rejects(
    fitted(t, gpt2, twice),
    /found "ln_f\.weight" beside "transformer\.ln_f\.weight", expected one of them/,
  );
});

test("a stored tied head is dropped if it equals the embedding, and refused otherwise", async (t) => {
  const config = { ...tinyConfig, layers: 1 };
  const tied = initialParameters(config, Random.seeded(2));
  const embedding = tied.get("model.embed_tokens.weight")!;
  const same = new Map(tied).set("lm_head.weight", embedding);
  assert.deepEqual(await readAll(await fitted(t, config, same)), tied);
  const other = tensor(embedding.shape, embedding.data.slice());
  other.data[5]! += 1;
  await assert.rejects(
    fitted(t, config, new Map(tied).set("lm_head.weight", other)),
    /lm_head\.weight that differs from model\.embed_tokens\.weight/,
  );
});

const name = "transformer.h.0.mlp.c_fc.weight";
const wrong: readonly [string, Parameters, RegExp][] = [
  [
    "a missing parameter",
    new Map([...parameters].filter(([each]) => each !== name)),
    /no parameter "transformer\.h\.0\.mlp\.c_fc\.weight", expected one of shape \[4,6\]/,
  ],
  [
    "another shape",
    new Map(parameters).set(name, tensor([6, 4], new Float32Array(24))),
    /c_fc\.weight" of shape \[6,4\], expected \[4,6\]/,
  ],
  ["another rank", new Map(parameters).set(name, ones(24)), /c_fc\.weight" of shape \[24\], expected \[4,6\]/],
  [
    "one too many",
    new Map(parameters).set("transformer.h.1.ln_1.weight", ones(4)),
    /parameter "transformer\.h\.1\.ln_1\.weight", expected only the 16/,
  ],
];
for (const [what, stored, message] of wrong) {
  test(`${what} is refused by name`, async (t) => {
    await assert.rejects(fitted(t, gpt2, stored), message);
  });
}

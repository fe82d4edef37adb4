import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import { InputError } from "../../../src/base/errors.js";
import { readSafetensors } from "../../../src/model/checkpoint/safetensors/safetensors.js";
import { readAll } from "../../../src/model/checkpoint/tensor-source.js";
import { openWeights } from "../../../src/model/checkpoint/weight-files.js";

const sharded = "test/fixtures/safetensors/sharded";
let parent: string;
let folder: string;
before(async () => void (parent = await mkdtemp(join(tmpdir(), "sera-weights-"))));
after(() => rm(parent, { recursive: true }));
beforeEach(async () => {
  folder = join(parent, "model");
  await rm(folder, { recursive: true, force: true });
  await cp(sharded, folder, { recursive: true });
});

const index = () => join(folder, "model.safetensors.index.json");
const first = "model-00001-of-00003.safetensors";
const third = "model-00003-of-00003.safetensors";

test("shards written by transformers in bfloat16 are read as one set of weights", async () => {
  const weights = await openWeights(sharded);
  const whole = await readSafetensors("test/fixtures/checkpoints/tiny/model.safetensors");
  assert.deepEqual([...weights.tensors.keys()].sort(), [...whole.tensors.keys()].sort());
  for (const [name, { shape, data }] of whole.tensors) {
    assert.deepEqual(weights.tensors.get(name)!.dtype, "BF16");
    const read = await weights.read(name);
    assert.deepEqual(read.shape, shape);
    // bfloat16 keeps 8 bits of the fraction.
    for (const [i, value] of data.entries())
      assert.ok(Math.abs(read.data[i]! - value) <= Math.abs(value) * 2 ** -8, name);
    assert.equal((await weights.readAsStored(name)).data.byteLength, data.length * 2);
  }
  await assert.rejects(weights.read("model.none"), /index\.json: found no tensor "model\.none"/);
  await weights.close();
});

test("a single file is preferred to shards, as in transformers", async () => {
  await cp("test/fixtures/checkpoints/tiny/model.safetensors", join(folder, "model.safetensors"));
  const weights = await openWeights(folder);
  assert.equal(weights.tensors.get("model.norm.weight")!.dtype, "F32");
  await weights.close();
});

test("tensors that the index does not list are omitted", async () => {
  await edit((map) => delete map["model.norm.weight"]);
  const weights = await openWeights(folder);
  assert.equal((await readAll(weights)).size, 20);
  assert.equal(weights.tensors.has("model.norm.weight"), false);
  await weights.close();
});

async function edit(change: (map: Record<string, string>) => unknown): Promise<void> {
  const content = JSON.parse(await readFile(index(), "utf8")) as { weight_map: Record<string, string> };
  change(content.weight_map);
  await writeFile(index(), JSON.stringify(content));
}

const outside = (path: string) => () => edit((map) => (map["model.norm.weight"] = path));
const refused: readonly [string, () => Promise<unknown>, RegExp][] = [
  [
    "a missing part",
    () => rm(join(folder, third)),
    /model-00003-of-00003\.safetensors: no such file; expected a part of the weights, which model\.safetensors\.index\.json lists/,
  ],
  [
    "a part cut short",
    () => writeFile(join(folder, third), "12"),
    /model-00003-of-00003\.safetensors: found 2 bytes, expected at least 8/,
  ],
  [
    "a weight listed in the wrong part",
    outside(first),
    /"model\.norm\.weight" listed in model-00001-of-00003\.safetensors, which does not hold it, expected model-00003-of-00003\.safetensors/,
  ],
  [
    "a weight that no part holds",
    () => edit((map) => (map["model.extra"] = first)),
    /"model\.extra" listed in model-00001.*not of one checkpoint/,
  ],
  [
    "a part of another folder",
    outside(`../model/${third}`),
    /index\.json: found "model\.norm\.weight" in "\.\.\/model\/.*, expected a \.safetensors file of the same folder/,
  ],
  ["a part by its whole path", outside(`/tmp/${third}`), /expected a \.safetensors file of the same folder/],
  ["a part of another folder on Windows", outside(`..\\${third}`), /expected a \.safetensors file of the same folder/],
  [
    "a part that is a pickle",
    outside("pytorch_model.bin"),
    /found "model\.norm\.weight" in "pytorch_model\.bin", expected a \.safetensors file/,
  ],
  ["a part with a zero in its name", outside("a\0.safetensors"), /expected a \.safetensors file of the same folder/],
  [
    "an index without a map",
    () => writeFile(index(), '{"metadata": {}}'),
    /index\.json: found weight_map = nothing, expected record/,
  ],
  [
    "an index of something else",
    () => writeFile(index(), '{"weight_map": {"a": 1}}'),
    /index\.json: found weight_map\.a = 1, expected string/,
  ],
  ["an index that is not JSON", () => writeFile(index(), "{"), /index\.json: found text that is not JSON/],
  ["no index", () => rm(index()), /model\.safetensors: no such file; expected weights in safetensors format/],
  [
    "an index of pickles",
    async () => {
      await rename(join(folder, first), join(folder, "pytorch_model-00001-of-00002.bin"));
      await rename(index(), join(folder, "pytorch_model.bin.index.json"));
    },
    /pytorch_model-00001-of-00002\.bin, a pickle: loading one can run any code/,
  ],
];

for (const [what, spoil, message] of refused) {
  test(`${what} is reported as an InputError with the path`, async () => {
    await spoil();
    await assert.rejects(openWeights(folder), (error: Error) => {
      assert.ok(error instanceof InputError, error.stack);
      assert.ok(error.message.startsWith(folder), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import { tensor } from "../../../src/graph/tensor.js";
import { readAll } from "../../../src/model/checkpoint/tensor-source.js";
import { openWeights } from "../../../src/model/checkpoint/weight-files.js";
import { writeWeights, type WeightOptions } from "../../../src/model/checkpoint/write-weights.js";

let parent: string;
let folder: string;
before(async () => void (parent = await mkdtemp(join(tmpdir(), "sera-weights-"))));
after(() => rm(parent, { recursive: true }));
beforeEach(async () => {
  folder = join(parent, "model");
  await rm(folder, { recursive: true, force: true });
});

const ones = (count: number) => tensor([count], new Float32Array(count).fill(1));
const weights = new Map([
  ["c", ones(3)],
  ["a", ones(5)],
  ["b", ones(2)],
  ["d", ones(1)],
]);
const index = "model.safetensors.index.json";

async function partsOf(options: WeightOptions): Promise<Record<string, string>> {
  await writeWeights(folder, weights, options);
  return (JSON.parse(await readFile(join(folder, index), "utf8")) as { weight_map: Record<string, string> }).weight_map;
}

test("weights that fit maxShardBytes are one file", async () => {
  await writeWeights(folder, weights, { maxShardBytes: 44 });
  assert.deepEqual(await readdir(folder), ["model.safetensors"]);
});

test("a new shard starts before the weight that would exceed the limit, and the shards are read back", async () => {
  const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  assert.deepEqual(await partsOf({ maxShardBytes: 32 }), { c: one, a: one, b: two, d: two });
  assert.deepEqual((await readdir(folder)).sort(), [one, two, index]);
  const { metadata } = JSON.parse(await readFile(join(folder, index), "utf8")) as { metadata: object };
  assert.deepEqual(metadata, { total_parameters: 11, total_size: 44 });
  const source = await openWeights(folder);
  assert.deepEqual(await readAll(source), weights);
  await source.close();
});

test("a weight larger than maxShardBytes has its own shard", async () => {
  const files = await partsOf({ maxShardBytes: 8 });
  assert.deepEqual(
    Object.values(files).map((name) => name.slice(0, 11)),
    ["model-00001", "model-00002", "model-00003", "model-00004"],
  );
});

test("half precision counts half the bytes", async () => {
  await writeWeights(folder, weights, { maxShardBytes: 22, dtype: "float16" });
  assert.deepEqual(await readdir(folder), ["model.safetensors"]);
  assert.equal(new Set(Object.values(await partsOf({ maxShardBytes: 21, dtype: "bfloat16" }))).size, 2);
});

test("a maxShardBytes that is not positive is refused", async () => {
  for (const maxShardBytes of [0, -1, NaN]) {
    await assert.rejects(
      writeWeights(folder, weights, { maxShardBytes }),
      /maxShardBytes: found .*, expected a positive number of bytes/,
    );
  }
});

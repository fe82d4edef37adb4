import assert from "node:assert/strict";
import { cp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { InputError } from "../../../../src/base/errors.js";
import { tensor } from "../../../../src/graph/tensor.js";
import { isAdapterFolder, readAdapter, writeAdapter } from "../../../../src/model/checkpoint/adapters/adapter-files.js";
import { readSafetensors, writeSafetensors } from "../../../../src/model/checkpoint/safetensors/safetensors.js";
import { emptyFolder } from "../../../support/folder.js";

const fixture = "test/fixtures/adapters/llama";
const weights = "adapter_model.safetensors";

test("PEFT's adapters are read under the layer names of the base model", async () => {
  const { tensors } = await readAdapter(fixture);
  const shapes = [...tensors].map(([module, { a, b }]) => [module, a.shape, b.shape]);
  assert.deepEqual(shapes.sort(), [
    ["model.layers.0.mlp.down_proj", [3, 32], [16, 3]],
    ["model.layers.0.self_attn.q_proj", [3, 16], [16, 3]],
    ["model.layers.1.mlp.down_proj", [3, 32], [16, 3]],
    ["model.layers.1.self_attn.q_proj", [3, 16], [16, 3]],
  ]);
  const stored = (await readSafetensors(join(fixture, weights))).tensors;
  const module = "model.layers.1.mlp.down_proj";
  assert.deepEqual(tensors.get(module)!.a, stored.get(`base_model.model.${module}.lora_A.weight`));
  assert.deepEqual(tensors.get(module)!.b, stored.get(`base_model.model.${module}.lora_B.weight`));

  const gpt2 = await readAdapter("test/fixtures/adapters/gpt2");
  assert.deepEqual(gpt2.tensors.get("transformer.h.1.attn.c_attn")!.b.shape, [24, 2]);
});

test("a written adapter has the same weight bytes as PEFT's and is read back unchanged", async (t) => {
  const folder = join(emptyFolder(t), "adapter");
  const adapter = await readAdapter(fixture);
  await writeAdapter(folder, adapter);
  assert.deepEqual((await readdir(folder)).sort(), ["adapter_config.json", weights]);
  assert.deepEqual(await readAdapter(folder), adapter);
  const [ours, theirs] = await Promise.all([folder, fixture].map((each) => readFile(join(each, weights))));
  assert.deepEqual(dataOf(ours!), dataOf(theirs!));
  const config = await readFile(join(folder, "adapter_config.json"));

  await writeAdapter(folder, { ...adapter, tensors: new Map([...adapter.tensors].reverse()) });
  assert.deepEqual(await readFile(join(folder, weights)), ours);
  assert.deepEqual(await readFile(join(folder, "adapter_config.json")), config);
});

function dataOf(file: Buffer): Buffer {
  return file.subarray(8 + Number(file.readBigUInt64LE()));
}

test("isAdapterFolder accepts an adapter with a config.json and throws for one with a whole model", async (t) => {
  const folder = join(emptyFolder(t), "adapter");
  assert.equal(isAdapterFolder(folder), false);
  await writeAdapter(folder, await readAdapter(fixture));
  assert.equal(isAdapterFolder(folder), true);
  await writeFile(join(folder, "config.json"), "{}");
  assert.equal(isAdapterFolder(folder), true);
  for (const whole of ["model.safetensors", "model.safetensors.index.json", "model-q8_0.gguf"]) {
    await writeFile(join(folder, whole), "");
    assert.throws(() => isAdapterFolder(folder), {
      name: "InputError",
      message: new RegExp(
        `found an adapter \\(adapter_config\\.json\\) and a whole model \\(${whole}\\), expected one of them; put the adapter`,
      ),
    });
    await rm(join(folder, whole));
  }
});

test("writeAdapter refuses a wrong rank and a folder with other files, and keeps the existing adapter", async (t) => {
  const folder = join(emptyFolder(t), "adapter");
  const adapter = await readAdapter(fixture);
  await writeAdapter(folder, adapter);
  await assert.rejects(
    writeAdapter(folder, { ...adapter, config: { ...adapter.config, rank: 4 } }),
    /expected \[4,in\] and \[out,4\], because r = 4/,
  );
  await writeFile(join(folder, "thesis.tex"), "years of work");
  await assert.rejects(
    writeAdapter(folder, adapter),
    /"thesis\.tex" in the folder, expected a new folder, or an adapter to replace/,
  );
  await rm(join(folder, "thesis.tex"));
  assert.deepEqual(await readAdapter(folder), adapter);
});

const layer = "base_model.model.model.layers.0.self_attn.q_proj";
const refused: readonly [string, (folder: string) => Promise<unknown>, RegExp][] = [
  [
    "no config",
    (folder) => rm(join(folder, "adapter_config.json")),
    /adapter_config\.json: no such file; expected a LoRA adapter in PEFT's layout/,
  ],
  ["no weights", (folder) => rm(join(folder, weights)), /adapter_model\.safetensors: no such file/],
  [
    "weights in a pickle",
    (folder) => rename(join(folder, weights), join(folder, "adapter_model.bin")),
    /adapter_model\.bin, a pickle: loading one can run any code/,
  ],
  [
    "half a pair",
    edit((tensors) => tensors.delete(`${layer}.lora_B.weight`)),
    /no lora_B\.weight of "model\.layers\.0\.self_attn\.q_proj", expected both/,
  ],
  [
    "another rank",
    edit((tensors) => tensors.set(`${layer}.lora_A.weight`, zeros([2, 16]))),
    /q_proj" with lora_A \[2,16\] and lora_B \[16,3\], expected \[3,in\] and \[out,3\], because r = 3/,
  ],
  [
    "a matrix turned round",
    edit((tensors) => tensors.set(`${layer}.lora_B.weight`, zeros([3, 16]))),
    /lora_B \[3,16\]/,
  ],
  [
    "an embedding's adapter",
    edit((tensors) => tensors.set("base_model.model.model.embed_tokens.lora_embedding_A", zeros([3, 64]))),
    /tensor "base_model\.model\.model\.embed_tokens\.lora_embedding_A", expected only/,
  ],
  [
    "a whole module",
    edit((tensors) => tensors.set("base_model.model.lm_head.weight", zeros([64, 16]))),
    /tensor "base_model\.model\.lm_head\.weight", expected only/,
  ],
  ["nothing adapted", edit((tensors) => tensors.clear()), /found no adapted layer, expected at least one/],
];

for (const [what, spoil, message] of refused) {
  test(`${what} is reported as an InputError with the path`, async (t) => {
    const folder = emptyFolder(t);
    await cp(fixture, folder, { recursive: true });
    await spoil(folder);
    await assert.rejects(readAdapter(folder), (error: Error) => {
      assert.ok(error instanceof InputError, error.stack);
      assert.ok(error.message.startsWith(folder), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

type Tensors = Awaited<ReturnType<typeof readSafetensors>>["tensors"];

function edit(change: (tensors: Tensors) => unknown) {
  return async (folder: string) => {
    const { tensors } = await readSafetensors(join(folder, weights));
    change(tensors);
    await writeSafetensors(join(folder, weights), tensors);
  };
}

function zeros(shape: readonly [number, number]) {
  return tensor(shape, new Float32Array(shape[0] * shape[1]));
}

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import { InputError } from "../../../src/base/errors.js";
import { tensor } from "../../../src/graph/tensor.js";
import {
  loadCheckpoint,
  openCheckpoint,
  saveCheckpoint,
  type Checkpoint,
} from "../../../src/model/checkpoint/checkpoint.js";
import { readSafetensors, writeSafetensors } from "../../../src/model/checkpoint/safetensors/safetensors.js";
import { openWeights } from "../../../src/model/checkpoint/weight-files.js";
import { parameterShapes } from "../../../src/model/parameters/parameters.js";

const fixture = "test/fixtures/checkpoints/tiny";
let parent: string;
let folder: string;
let tiny: Checkpoint;

before(async () => {
  parent = await mkdtemp(join(tmpdir(), "sera-checkpoint-"));
  folder = join(parent, "model");
  tiny = await loadCheckpoint(fixture);
});
after(() => rm(parent, { recursive: true }));
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a checkpoint of transformers loads, with its parameters in the order of the layers", async () => {
  assert.deepEqual([...tiny.parameters.keys()], [...parameterShapes(tiny.config).keys()]);
  const { tensors } = await readSafetensors(`${fixture}/model.safetensors`);
  assert.deepEqual(tiny.parameters.get("model.norm.weight"), tensors.get("model.norm.weight"));
});

test("a saved checkpoint loads unchanged and is saved again with the same bytes", async () => {
  await saveCheckpoint(folder, tiny);
  const names = [
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ];
  assert.deepEqual((await readdir(folder)).sort(), names);
  const loaded = await loadCheckpoint(folder);
  assert.deepEqual(loaded.config, tiny.config);
  assert.deepEqual(loaded.parameters, tiny.parameters);
  assert.deepEqual(loaded.tokenizer.files, tiny.tokenizer.files);
  const first = await Promise.all(names.map((name) => readFile(join(folder, name))));
  await saveCheckpoint(`${folder}/`, loaded);
  assert.deepEqual(await Promise.all(names.map((name) => readFile(join(folder, name)))), first);
  assert.deepEqual(await readdir(parent), ["model"]);
});

test("other fields and files are kept when saving, except for the dtype", async () => {
  await cp(fixture, folder, { recursive: true });
  const kept = {
    "tokenizer.model": Buffer.from([0, 255, 1]),
    "merges.txt": "a b\n",
    "generation_config.json": '{"eos_token_id": [2, 4], "top_p": 0.9}',
  };
  for (const [name, content] of Object.entries(kept)) await writeFile(join(folder, name), content);
  await editConfig({ dtype: undefined, torch_dtype: "bfloat16", eos_token_id: [2, 4], _name_or_path: "someone/tiny" });
  const before = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;

  await saveCheckpoint(folder, await loadCheckpoint(folder), { dtype: "float16" });
  assert.deepEqual(JSON.parse(await readFile(join(folder, "config.json"), "utf8")), {
    ...before,
    torch_dtype: "float16",
  });
  for (const [name, content] of Object.entries(kept))
    assert.deepEqual(await readFile(join(folder, name)), Buffer.from(content), name);
});

test("changes since loading override the fields of the files", async () => {
  const loaded = await loadCheckpoint(fixture);
  const config = { ...loaded.config, contextLength: 16 };
  await saveCheckpoint(folder, { ...loaded, config });
  const before = JSON.parse(await readFile(join(fixture, "config.json"), "utf8")) as object;
  const written = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;
  assert.deepEqual(written, { ...before, max_position_embeddings: 16 });
  assert.deepEqual((await loadCheckpoint(folder)).config, config);
});

test("bfloat16 shards equal those of transformers and are saved again with the same bytes", async () => {
  const options = { dtype: "bfloat16", maxShardBytes: 6000 } as const;
  await saveCheckpoint(folder, tiny, options);
  const names = (await readdir(folder)).filter((name) => name.startsWith("model"));
  assert.deepEqual(names.sort(), [
    "model-00001-of-00003.safetensors",
    "model-00002-of-00003.safetensors",
    "model-00003-of-00003.safetensors",
    "model.safetensors.index.json",
  ]);
  const first = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const rounded = await loadCheckpoint(folder);
  assert.equal(rounded.source!.config["dtype"], "bfloat16");
  const theirs = await openCheckpoint(folder);
  const transformers = await openWeights("test/fixtures/safetensors/sharded");
  for (const name of transformers.tensors.keys())
    assert.deepEqual(await theirs.weights.readAsStored(name), await transformers.readAsStored(name), name);
  await Promise.all([theirs.weights.close(), transformers.close()]);

  await saveCheckpoint(folder, rounded, options);
  assert.deepEqual(await Promise.all(names.map((name) => readFile(join(folder, name)))), first);
  await saveCheckpoint(folder, tiny);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("model")),
    ["model.safetensors"],
  );
});

test("weights that overflow float16 are named, and the existing checkpoint is kept", async () => {
  await saveCheckpoint(folder, tiny);
  const parameters = new Map(tiny.parameters);
  parameters.set("model.norm.weight", tensor([16], new Float32Array(16).fill(1e5)));
  await assert.rejects(
    saveCheckpoint(folder, { ...tiny, parameters }, { dtype: "float16" }),
    /found 100000 in tensor "model\.norm\.weight", which would become infinite/,
  );
  assert.deepEqual((await loadCheckpoint(folder)).parameters, tiny.parameters);
  assert.deepEqual(await readdir(parent), ["model"]);
});

test("an open checkpoint reads its parameters one at a time", async () => {
  const { config, tokenizer, weights } = await openCheckpoint(fixture);
  assert.deepEqual([config, tokenizer.files], [tiny.config, tiny.tokenizer.files]);
  assert.deepEqual([...weights.tensors.keys()], [...tiny.parameters.keys()]);
  assert.deepEqual(
    await weights.read("model.layers.1.mlp.up_proj.weight"),
    tiny.parameters.get("model.layers.1.mlp.up_proj.weight"),
  );
  await weights.close();
  await assert.rejects(weights.read("model.norm.weight"));
});

test("a tied head is not written; an equal copy is ignored, and a different one is refused", async () => {
  const config = { ...tiny.config, tiedEmbeddings: true };
  const parameters = new Map(tiny.parameters);
  parameters.delete("lm_head.weight");
  await saveCheckpoint(folder, { ...tiny, config, parameters });
  assert.deepEqual((await loadCheckpoint(folder)).parameters, parameters);

  const weights = join(folder, "model.safetensors");
  const copies = [
    ["lm_head.weight", parameters.get("model.embed_tokens.weight")!],
    ["model.layers.0.self_attn.rotary_emb.inv_freq", tensor([2], Float32Array.of(1, 0.01))],
  ] as const;
  await writeSafetensors(weights, [...parameters, ...copies]);
  assert.deepEqual((await loadCheckpoint(folder)).parameters, parameters);

  await writeSafetensors(weights, tiny.parameters);
  await assert.rejects(loadCheckpoint(folder), /lm_head.weight that differs/);
});

test("a folder with other files is refused and left unchanged", async () => {
  await cp(fixture, folder, { recursive: true });
  await writeFile(join(folder, "thesis.tex"), "years of work");
  await assert.rejects(saveCheckpoint(folder, tiny), /"thesis.tex" in the folder, expected a new folder/);
  assert.equal(await readFile(join(folder, "thesis.tex"), "utf8"), "years of work");
});

test("a config that does not fit the weights or the tokenizer is not written", async () => {
  const wide = { ...tiny, config: { ...tiny.config, hiddenSize: 24 } };
  await assert.rejects(saveCheckpoint(folder, wide), InputError);
  const narrow = { ...tiny, config: { ...tiny.config, vocabSize: 8 } };
  await assert.rejects(saveCheckpoint(folder, narrow), InputError);
  assert.deepEqual(await readdir(parent), []);
});

test("a failure while writing keeps the existing checkpoint", async () => {
  await saveCheckpoint(folder, tiny);
  const files = new Map([...tiny.tokenizer.files, ["tokenizer.json/impossible", ""]]);
  await assert.rejects(saveCheckpoint(folder, { ...tiny, tokenizer: { ...tiny.tokenizer, vocabSize: 8, files } }));
  assert.deepEqual((await loadCheckpoint(folder)).parameters, tiny.parameters);
  assert.deepEqual(await readdir(parent), ["model"]);
});

test("a partial folder left by a crash is not loaded and does not prevent saving", async () => {
  await cp(fixture, `${folder}.partial`, { recursive: true });
  await assert.rejects(loadCheckpoint(folder), /no such folder/);
  await saveCheckpoint(folder, tiny);
  assert.deepEqual(await readdir(parent), ["model"]);
});

async function editConfig(changes: Record<string, unknown>): Promise<void> {
  const path = join(folder, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...config, ...changes }));
}

const refused: readonly [string, () => Promise<unknown>, RegExp][] = [
  ["no config", () => rm(join(folder, "config.json")), /config\.json: no such file; expected a model/],
  ["no tokenizer", () => rm(join(folder, "tokenizer.json")), /tokenizer\.json: no such file/],
  ["no weights", () => rm(join(folder, "model.safetensors")), /model\.safetensors: no such file/],
  [
    "weights in a pickle",
    () => rename(join(folder, "model.safetensors"), join(folder, "pytorch_model.bin")),
    /pytorch_model\.bin, a pickle: loading one can run any code.*, expected model\.safetensors/,
  ],
  [
    "a config without a needed field",
    () => editConfig({ hidden_size: undefined }),
    /config\.json: found hidden_size = nothing, expected/,
  ],
  [
    "more layers than weights",
    () => editConfig({ num_hidden_layers: 3 }),
    /no parameter "model\.layers\.2\.input_layernorm\.weight", expected one of shape \[16\]/,
  ],
  [
    "fewer layers than weights",
    () => editConfig({ num_hidden_layers: 1 }),
    /parameter "model\.layers\.1\..*", expected only the 12/,
  ],
  [
    "another width",
    () => editConfig({ intermediate_size: 48 }),
    /gate_proj\.weight" of shape \[32,16\], expected \[48,16\]/,
  ],
  [
    "a vocabulary larger than the embedding",
    () => editConfig({ vocab_size: 32 }),
    /ids up to \d+, expected ids below vocab_size = 32/,
  ],
];

for (const [what, spoil, message] of refused) {
  test(`${what} is reported as an InputError with the path`, async () => {
    await cp(fixture, folder, { recursive: true });
    await spoil();
    await assert.rejects(loadCheckpoint(folder), (error: Error) => {
      assert.ok(error instanceof InputError, error.stack);
      assert.ok(error.message.startsWith(folder), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

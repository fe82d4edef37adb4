import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { fetchCheckpoint } from "../../../src/model/checkpoint/fetch-checkpoint.js";
import { HubServer } from "../../support/hub-server.js";

const name = { type: "model", name: "org/name", revision: "main" } as const;
const rest = {
  "config.json": "{}",
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{}",
  "generation_config.json": "{}",
  "chat_template.jinja": "x",
};
const unwanted = {
  "modeling.py": "import os",
  "pytorch_model.bin": "pickle",
  "README.md": "x",
  "onnx/model.safetensors": "x",
  "original/config.json": "x",
  "training_args.bin": "x",
};

/** The files that are downloaded from a repository with these weights, besides `rest`, which is always downloaded. */
async function fetched(t: Parameters<typeof HubServer.start>[0], weights: readonly string[]): Promise<string[]> {
  const files = { ...unwanted, ...rest, ...Object.fromEntries(weights.map((path) => [path, path])) };
  await HubServer.start(t, { "org/name": { revisions: { main: files } } });
  const found = readdirSync(await fetchCheckpoint(name), { recursive: true, encoding: "utf8" });
  for (const path of Object.keys(rest)) assert.ok(found.includes(path), path);
  return found.filter((path) => !(path in rest)).toSorted();
}

describe("fetchCheckpoint", () => {
  test("downloads config, tokenizer and weights, but no code, pickles or files in folders", async (t) => {
    assert.deepEqual(await fetched(t, ["model.safetensors"]), ["model.safetensors"]);
  });

  test("downloads weights once if they exist in several forms", async (t) => {
    const shards = [
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ];
    assert.deepEqual(await fetched(t, [...shards, "consolidated.safetensors"]), shards);
    assert.deepEqual(await fetched(t, ["model.safetensors", "model.fp16.safetensors", ...shards]), [
      "model.safetensors",
    ]);
    assert.deepEqual(await fetched(t, ["adapter_model.safetensors", "adapter_config.json"]), [
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
  });

  test("throws an InputError that lists other weights if there are no safetensors", async (t) => {
    const hub = await HubServer.start(t, {
      "org/name": { revisions: { main: { ...unwanted, ...rest } } },
      "org/empty": { revisions: { main: rest } },
    });
    await assert.rejects(fetchCheckpoint(name), {
      name: "InputError",
      message:
        "org/name: found no safetensors, only pytorch_model.bin, training_args.bin, " +
        "expected a model with *.safetensors (a conversion may wait among its pull requests: give revision refs/pr/<number>)",
    });
    await assert.rejects(fetchCheckpoint({ ...name, name: "org/empty" }), /org\/empty: found no safetensors, expected/);
    assert.ok(!hub.paths.some((path) => path.includes("/resolve/")));
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { loadModel } from "../../src/cells/load-model.js";
import { respond } from "../../src/cells/respond.js";
import { align } from "../../src/cells/sera.js";
import { loadPreferences, world } from "../../src/index.js";
import { pushFolder } from "../../src/model/policy/push.js";
import { inEmptyFolder } from "../support/folder.js";
import { goodToken, HubServer } from "../support/hub-server.js";

const { pairs } = await loadPreferences(world.train, { limit: 16 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 4 });
const quick = { beta: 0.5, batchSize: 8, learningRate: 1e-2, maxNewTokens: 8, heldOut, quiet: true };
const textOf = (hub: HubServer, name: string, path: string) => String(hub.uploads.held(name)!.revisions["main"]![path]);

it("a run is pushed with its model card and loads as the same policy", async (test) => {
  const hub = await HubServer.start(test, {});
  process.env["HF_TOKEN"] = goodToken;
  inEmptyFolder(test);
  await using start = await loadModel(world.sft, { threads: 1 });
  const run = await align(start, pairs, quick);
  const { url } = await run.push("me/aligned", { baseModel: "org/start", datasets: ["org/pairs"] });
  assert.equal(url, `${hub.endpoint}/me/aligned`);
  const card = textOf(hub, "me/aligned", "README.md");
  assert.match(card, /^---\nbase_model: "org\/start"\ndatasets:\n- "org\/pairs"\nlibrary_name: transformers\n/);
  assert.match(card, /trained with the method `dpo` \(\[arXiv 2305\.18290\]/);
  assert.match(card, /\| `beta` \| `0\.5` \|/);
  assert.match(card, /\| iteration \| pairs selected \|.*accuracy.*\n\| --- .*\n\| 0 \|.*\n\| 1 \| 16 \|/);
  await using policy = await run.policy({ threads: 1 });
  await using pushed = await loadModel("me/aligned", { threads: 1 });
  const prompts = pairs.slice(0, 3).map(({ prompt }) => prompt);
  const greedy = { temperature: 0, maxNewTokens: 12 };
  assert.deepEqual(
    (await respond(pushed, prompts, greedy)).objects(),
    (await respond(policy, prompts, greedy)).objects(),
  );
  await policy.push("me/half", { dtype: "bfloat16" });
  assert.match(textOf(hub, "me/half", "config.json"), /bfloat16/);
  assert.match(textOf(hub, "me/half", "README.md"), /a model that is not on the hub/);
});

it("an adapter is pushed with its tokenizer, and only with a base that others can load", async (test) => {
  const hub = await HubServer.start(test, {});
  process.env["HF_TOKEN"] = goodToken;
  inEmptyFolder(test);
  await using whole = await loadModel(world.sft, { threads: 1 });
  await whole.push("me/base");
  await using start = await loadModel("me/base", { lora: { rank: 4 }, threads: 1 });
  const run = await align(start, pairs, quick);
  await run.push("me/adapter");
  const files = Object.keys(hub.uploads.held("me/adapter")!.revisions["main"]!).sort();
  assert.deepEqual(
    files.filter((file) => /adapter|tokenizer\.json|README/.test(file)),
    ["README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"],
  );
  assert.match(
    textOf(hub, "me/adapter", "README.md"),
    /^---\nbase_model: "me\/base"\nlibrary_name: peft\n[^]*a LoRA adapter for \[me\/base\]/,
  );
  await using policy = await run.policy({ threads: 1 });
  await using pushed = await loadModel("me/adapter", { threads: 1 });
  const greedy = { temperature: 0, maxNewTokens: 12 };
  const prompts = pairs.slice(0, 2).map(({ prompt }) => prompt);
  assert.deepEqual(
    (await respond(pushed, prompts, greedy)).objects(),
    (await respond(policy, prompts, greedy)).objects(),
  );
  // Pushing a whole model to the same repository removes the adapter's files.
  await whole.push("me/adapter");
  assert.deepEqual(
    Object.keys(hub.uploads.held("me/adapter")!.revisions["main"]!).filter((file) => file.startsWith("adapter")),
    [],
  );

  await using local = await loadModel(world.sft, { lora: { rank: 2 }, threads: 1 });
  await assert.rejects(local.push("me/local"), {
    name: "InputError",
    message: /^this adapter is for the model in \/.*, which nobody else has there; name it as it is on the hub/,
  });
  assert.equal(hub.uploads.held("me/local"), undefined);
  await local.push("me/local", { baseModel: "me/base" });
  assert.match(textOf(hub, "me/local", "adapter_config.json"), /"base_model_name_or_path": "me\/base"/);
  await assert.rejects(
    local.push("me/local", { dtype: "bfloat16" }),
    /^InputError: dtype: an adapter is written in float32/,
  );
  await assert.rejects(
    pushFolder("nowhere", "me/x", {}, {}),
    /^InputError: nowhere: no such folder in .*; give that of a run, a model or an adapter/,
  );
});

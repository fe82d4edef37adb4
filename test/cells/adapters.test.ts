import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { loadModel } from "../../src/cells/load-model.js";
import { respond } from "../../src/cells/respond.js";
import { sera } from "../../src/cells/sera.js";
import { loadPreferences, world } from "../../src/index.js";
import { emptyFolder } from "../support/folder.js";

it("a run on a model with a new adapter trains, saves and returns adapters", async (test) => {
  process.chdir(emptyFolder(test));
  test.after(() => process.chdir("/"));
  const { pairs } = await loadPreferences(world.train, { limit: 24 });
  const start = await loadModel(world.sft, { lora: { rank: 4 }, threads: 1 });
  const run = await sera(start, pairs, {
    beta: 0.5,
    iterations: 2,
    responses: 2,
    batchSize: 8,
    learningRate: 1e-3,
    maxNewTokens: 16,
  });
  assert.deepEqual(readdirSync(join(run.folder, "iteration-2/model")).sort(), [
    "adapter_config.json",
    "adapter_model.safetensors",
  ]);
  const first = run.steps.object(0) as { loss: number };
  assert.ok(Math.abs(first.loss - Math.log(2)) < 1e-6);
  assert.equal(run.iteration(2).selected.numRows(), Math.round(0.7 * 24));

  const policy = await run.policy({ threads: 1 });
  assert.equal(policy.config.adapter?.rank, 4);
  const prompts = pairs.slice(0, 3).map(({ prompt }) => prompt);
  const written = await respond(policy, prompts, { temperature: 0, maxNewTokens: 12 });
  await policy.save("merged");
  const merged = await loadModel("merged", { threads: 1 });
  assert.equal(merged.config.adapter, undefined);
  assert.deepEqual((await respond(merged, prompts, { temperature: 0, maxNewTokens: 12 })).objects(), written.objects());
  await assert.rejects(
    loadModel(join(run.folder, "iteration-2/model"), { lora: { rank: 2 } }),
    /is an adapter, and cannot have lora on top/,
  );
});

it("a run on an int8 base loads it in int8 again", async (test) => {
  process.chdir(emptyFolder(test));
  test.after(() => process.chdir("/"));
  const { pairs } = await loadPreferences(world.train, { limit: 16 });
  const start = await loadModel(world.sft, { weights: "int8", lora: { rank: 4 }, threads: 1 });
  const run = await sera(start, pairs, { beta: 0.5, iterations: 1, batchSize: 8, learningRate: 1e-3, maxNewTokens: 8 });
  const first = run.steps.object(0) as { loss: number };
  assert.ok(Math.abs(first.loss - Math.log(2)) < 1e-6, "the reference is scored by the numbers that are trained on");
  assert.equal((run.facts["model"] as { weights?: string }).weights, "int8");
  await start.free();
  await using policy = await run.policy({ threads: 1 });
  assert.equal(policy.config.weights, "int8");
  await assert.rejects(loadModel(world.sft, { weights: "int9" as "int8", threads: 1 }), {
    name: "InputError",
    message: 'weights: found "int9", expected one of float32, int8, int4; did you mean int8?',
  });
});

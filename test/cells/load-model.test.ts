import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { countStates } from "../../bench/count-states.js";
import { loadModel } from "../../src/cells/load-model.js";
import { sharedPrograms } from "../../src/cells/programs.js";
import { freshModel } from "../../src/data/fresh-model.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { textsOf } from "../../src/data/texts-of.js";
import { world as worldData } from "../../src/data/world/shipped.js";
import { Policy } from "../../src/model/policy/policy.js";
import { savePolicy } from "../../src/model/policy/policy-files.js";
import { presets } from "../../src/model/presets.js";
import { assertSameTensors } from "../support/compare.js";
import { writeTinyCheckpoint } from "../support/command.js";
import { emptyFolder, inEmptyFolder } from "../support/folder.js";
import { HubServer } from "../support/hub-server.js";

const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

describe("loadModel", () => {
  test("loads a model from the hub at each revision, and prefers a local folder of its name", async (t) => {
    const folder = emptyFolder(t);
    const [first, second] = [
      await writeTinyCheckpoint(join(folder, "first"), 1),
      await writeTinyCheckpoint(join(folder, "second"), 2),
    ];
    await HubServer.start(t, { "org/name": { revisions: { main: filesOf(first), other: filesOf(second) } } });
    const load = async (...given: Parameters<typeof loadModel>) => {
      const policy = await loadModel(...given);
      const parameters = await policy.parameters();
      await policy.free();
      return parameters;
    };
    assertSameTensors(await load("org/name", { threads: 1 }), await load(first, { threads: 1 }));
    assertSameTensors(await load("org/name", { threads: 1, revision: "other" }), await load(second, { threads: 1 }));
    process.env["HF_HUB_OFFLINE"] = "1";
    assertSameTensors(await load("org/name@other", { threads: 1 }), await load(second, { threads: 1 }));

    const before = process.cwd();
    process.chdir(folder);
    t.after(() => process.chdir(before));
    const own = await load(second, { threads: 1 });
    mkdirSync("org");
    renameSync("second", "org/name");
    assertSameTensors(await load("org/name", { threads: 1 }), own);
    await assert.rejects(
      loadModel("org/name", { revision: "other" }),
      /local path; revision applies only to repositories on the hub/,
    );
  });

  test("initializes a preset by its seed, with a vocabulary of the pairs' texts", async () => {
    const { pairs } = await loadPreferences(worldData.train, { limit: 20 });
    const tiny = async (seed: number) => {
      await using policy = await loadModel("tiny", { pairs, seed, threads: 1 });
      return {
        sizes: policy.config,
        ...(await policy.fingerprint()),
        text: policy.tokenizer.decode(policy.tokenizer.encode(pairs[0]!.chosen)),
      };
    };
    const [first, again, other] = [await tiny(1), await tiny(1), await tiny(2)];
    assert.deepEqual(again, first);
    assert.notEqual(other.parameters, first.parameters);
    assert.deepEqual([first.sizes.layers, first.sizes.contextLength, first.text], [4, 512, pairs[0]!.chosen]);
    const known = await freshModel(presets.tiny, () => textsOf(pairs), 1);
    await using expected = await Policy.create(sharedPrograms({ threads: 1 }), known);
    assert.equal(first.parameters, (await expected.fingerprint()).parameters);
    await using world = await loadModel("world", { threads: 1 });
    assert.equal(world.config.contextLength, 96);
  });

  test("refuses an unknown preset, and options that a preset does not support", async (t) => {
    const { pairs } = await loadPreferences(worldData.train, { limit: 2 });
    await assert.rejects(loadModel("tinny"), {
      name: "InputError",
      message: 'model: found "tinny", expected a folder or one of world, tiny, small, base',
    });
    await assert.rejects(
      loadModel("tiny"),
      /^InputError: pairs: the preset tiny learns its vocabulary from your pairs; loadModel\("tiny", \{ pairs \}\)$/,
    );
    await assert.rejects(
      loadModel("tiny", { pairs, lora: { rank: 2 } }),
      /^InputError: lora: the preset tiny is not trained yet/,
    );
    await assert.rejects(
      loadModel("tiny", { pairs, weights: "int8" }),
      /^InputError: weights: the preset tiny is not trained yet, and weights in int8 cannot be trained; leave weights out$/,
    );
    await assert.rejects(
      loadModel(worldData.sft, { pairs }),
      /^InputError: pairs: only a preset learns its vocabulary from pairs/,
    );
    await writeTinyCheckpoint(join(inEmptyFolder(t), "tiny"));
    await using folder = await loadModel("tiny", { threads: 1 });
    assert.equal(folder.config.layers, 1);
  });

  test("shares one base between adapters, and frees it with the last", async (t) => {
    const folder = emptyFolder(t);
    const model = await writeTinyCheckpoint(join(folder, "model"));
    const { engine } = sharedPrograms({ threads: 1 });
    const count = countStates(engine);
    const first = await loadModel(model, { threads: 1, provider: "cpu", lora: { rank: 2 } });
    assert.equal(first.programs.engine, engine, "explicit defaults create no other engine");
    assert.equal(count().states, 2);
    await savePolicy(first, join(folder, "adapter"));
    const second = await loadModel(join(folder, "adapter"), { threads: 1 });
    assert.deepEqual(await second.fingerprint(), await first.fingerprint());
    assert.equal(count().states, 3);
    await assert.rejects(
      loadModel(join(folder, "adapter"), { threads: 1, lora: { rank: 2 } }),
      /is an adapter, and cannot have lora on top/,
    );
    await assert.rejects(
      loadModel(model, { threads: 1, lora: { rank: 2, targets: ["q_prj"] } }),
      /found target "q_prj"/,
    );
    await Promise.all([first.free(), second.free()]);
    assert.equal(count().states, 0);
  });

  test("refuses a path that is neither a folder nor the name of a repository", async () => {
    await assert.rejects(
      loadModel("no/such/folder"),
      /no\/such\/folder: no such folder in .*; expected a model folder in Hugging Face layout/,
    );
  });
});

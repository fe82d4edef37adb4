import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadModel } from "../../src/cells/index.js";
import { assertSameTensors } from "../support/compare.js";
import { writeTinyCheckpoint } from "../support/command.js";
import { emptyFolder } from "../support/folder.js";
import { HubServer } from "../support/hub-server.js";

const filesOf = (folder: string) => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

describe("loadModel", () => {
  test("a model of the hub is the one of its folder, at each revision; a folder of its name is meant first", async (t) => {
    const folder = emptyFolder(t);
    const [first, second] = [await writeTinyCheckpoint(join(folder, "first"), 1), await writeTinyCheckpoint(join(folder, "second"), 2)];
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
    await assert.rejects(loadModel("org/name", { revision: "other" }), /this is a local path; revision applies only to repositories on the hub/);
  });

  test("no such folder, and nothing of the form of a repository", async () => {
    await assert.rejects(loadModel("no/such/folder"), /no\/such\/folder: found no such folder, expected a model folder in Hugging Face layout/);
  });
});

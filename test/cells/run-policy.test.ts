import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { describe, it } from "node:test";
import { loadModel } from "../../src/cells/load-model.js";
import { Run } from "../../src/cells/run.js";
import { sera } from "../../src/cells/sera.js";
import { loadPreferences, world } from "../../src/index.js";
import { inEmptyFolder } from "../support/folder.js";
import { writeTinyCheckpoint } from "../support/command.js";

describe("the policy of a run of adapters", () => {
  it("loads onto the base that it was trained on, and refuses another model in its place", async (t) => {
    inEmptyFolder(t);
    const { pairs } = await loadPreferences(world.train, { limit: 8 });
    await writeTinyCheckpoint("model");
    const start = await loadModel("model", { lora: { rank: 2 }, threads: 1 });
    const run = await sera(start, pairs, { batchSize: 4, iterations: 1, maxNewTokens: 4 });
    await start.free();
    const read = await Run.open(run.folder);
    await (await read.policy()).free();

    cpSync("model", "kept", { recursive: true });
    rmSync("model", { recursive: true });
    await writeTinyCheckpoint("model", 2);
    const message =
      /its adapter was trained on another model than the one that is at .*model now; put that one back, or run again/;
    for (const opened of [run, read]) await assert.rejects(opened.policy(), message);

    rmSync("model", { recursive: true });
    cpSync("kept", "model", { recursive: true });
    await (await read.policy()).free();
  });
});

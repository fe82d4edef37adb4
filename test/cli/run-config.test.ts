import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RunFolder } from "../../src/align/run-folder.js";
import { openRun } from "../../src/cli/run-config.js";
import { emptyFolder } from "../support/folder.js";

const config = { beta: 0.1, limit: undefined, threads: 0, resume: false };
const prepared = async () => "prepared";

describe("openRun", () => {
  it("begins a run, and goes on with it where the options that count are the same", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    assert.equal(await openRun(folder, config, false, prepared), "prepared");
    assert.deepEqual(await folder.json("config.json", () => assert.fail()), { beta: 0.1, threads: 0, resume: false });
    await folder.json("half.tmp", async () => 1);
    assert.equal(await openRun(folder, { ...config, threads: 2, resume: true }, true, prepared), "prepared");
    assert.equal(await folder.has("half.tmp"), false);
  });

  it("refuses a run where none is asked for, none where one is, and one with other options", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const never = () => assert.fail("prepared");
    await assert.rejects(openRun(folder, config, true, never), { message: `${folder.path}: found no run to resume, expected a folder with config.json` });
    await openRun(folder, config, false, prepared);
    await assert.rejects(openRun(folder, config, false, never), /found a run, expected a new folder; go on with it by --resume, or choose another --out/);
    const refused = (change: object, what: string) =>
      assert.rejects(openRun(folder, { ...config, ...change }, true, never), { name: "InputError", message: `${folder.file("config.json")}: ${what}` });
    await refused({ beta: 0.2 }, "found beta = 0.1, asked to resume with 0.2");
    await refused({ limit: 5 }, "found limit = undefined, asked to resume with 5");
  });

  it("leaves the folder free for another run where preparing fails, but does not forget a run that had begun", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const failing = () => Promise.reject(new Error("no such file"));
    await assert.rejects(openRun(folder, config, false, failing), /no such file/);
    assert.equal(await folder.has("config.json"), false);
    await openRun(folder, config, false, prepared);
    await assert.rejects(openRun(folder, config, true, failing), /no such file/);
    assert.equal(await folder.has("config.json"), true);
  });
});

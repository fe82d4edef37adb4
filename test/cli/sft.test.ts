import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { before, describe, it } from "node:test";
import { json, rows, run, start, subfolder, timeless, workFolder, writeTinyCheckpoint } from "../support/command.js";

const work = workFolder();
const args = [
  ...[
    "sft",
    "--data",
    resolve("data/world/demonstrations.jsonl"),
    "--limit",
    "24",
    "--model",
    "../model",
    "--out",
    "run",
  ],
  ...["--sft-epochs", "20", "--sft-batch-size", "4", "--threads", "1", "--quiet"],
];
before(() => writeTinyCheckpoint(join(work, "model")));

describe("sera sft", () => {
  it("trains a model, resumes with the same bytes after an interrupt, and leaves a finished run unchanged", async () => {
    const whole = subfolder(work, "whole");
    const { code, stdout, stderr } = await run(args, whole);
    assert.deepEqual([code, stdout, stderr], [0, "run/iteration-0/model\n", ""]);
    const expected = timeless(join(whole, "run"));
    assert.equal(rows(join(whole, "run"), "metrics.jsonl").length, 120);
    assert.equal(json(join(whole, "run"), "data.json").demonstrations, 24);

    const parts = subfolder(work, "parts");
    const folder = join(parts, "run");
    const { process, ended } = start(args, parts);
    while (rows(folder, "metrics.jsonl").length < 10 && process.exitCode === null) await wait(1);
    process.kill("SIGINT");
    assert.equal((await ended).code, 130);
    assert.ok(readdirSync(join(folder, "iteration-0")).some((name) => /^checkpoint-\d+\.safetensors$/.test(name)));
    assert.equal((await run([...args, "--resume"], parts)).code, 0);
    assert.deepEqual(timeless(folder), expected);
    assert.equal((await run([...args, "--resume"], parts)).code, 0);
    assert.deepEqual(timeless(folder), expected);
    assert.notDeepEqual(
      readFileSync(join(folder, "iteration-0/model/model.safetensors")),
      readFileSync(join(work, "model/model.safetensors")),
    );
  });
});

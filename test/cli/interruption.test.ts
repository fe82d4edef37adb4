import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  besidesScores,
  rows,
  run,
  start,
  subfolder,
  timeless,
  workFolder,
  worldRows,
  writeLines,
  writeTinyCheckpoint,
  type Ended,
} from "../support/command.js";

const work = workFolder();
const args = [
  ...["align", "--data", resolve("data/world/train.jsonl"), "--limit", "24", "--eval-data", join(work, "eval.jsonl")],
  ...["--model", join(work, "model"), "--init-from", "sft", "--out", "run", "--seed", "3", "--threads", "1", "--quiet"],
  ...[
    "--sft-epochs",
    "8",
    "--sft-batch-size",
    "3",
    "--epochs",
    "6",
    "--batch-size",
    "3",
    "--max-new-tokens",
    "24",
    "--responses",
    "2",
  ],
];

let undisturbed: Map<string, string>;
before(async () => {
  writeLines(join(work, "eval.jsonl"), worldRows("validation.jsonl", 6));
  await writeTinyCheckpoint(join(work, "model"));
  const cwd = subfolder(work, "undisturbed");
  const { code, stderr } = await run(args, cwd);
  assert.equal(code, 0, stderr);
  undisturbed = timeless(join(cwd, "run"));
});

/** Starts the run in `cwd`, or resumes it if it has begun. */
function goOn(cwd: string) {
  return start(existsSync(join(cwd, "run/iteration-0")) ? [...args, "--resume"] : args, cwd);
}

/** Starts or resumes the run, and sends it a signal as soon as `reached` is true. */
async function interrupt(
  cwd: string,
  signal: "SIGKILL" | "SIGINT",
  reached: (folder: string) => boolean,
): Promise<Ended> {
  const { process, ended } = goOn(cwd);
  while (process.exitCode === null && !reached(join(cwd, "run"))) await wait(1);
  process.kill(signal);
  return ended;
}

async function finish(cwd: string): Promise<void> {
  const { code, stderr } = await goOn(cwd).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(timeless(join(cwd, "run")), undisturbed);
}

const has = (name: string) => (folder: string) => existsSync(join(folder, name));
const hasSteps = (iteration: number, steps: number) => (folder: string) =>
  rows(folder, "metrics.jsonl").filter((row) => row.iteration === iteration).length >= steps;
const hasRows = (name: string) => (folder: string) => rows(folder, name).length > 0;

// Two at a time: each test waits for its own process, which has one thread.
describe("a run that is killed and resumed", { concurrency: 2 }, () => {
  const moments = {
    "before its first result": has("run.json"),
    "in SFT": hasSteps(0, 20),
    "between SFT and scoring": has("iteration-0/model"),
    "in the evaluation of the start": has("iteration-0/responses.jsonl"),
    "when the reference is scored": has("iteration-0/reference.jsonl"),
    "in DPO": hasSteps(1, 10),
    "in the evaluation of iteration 1": has("iteration-1/model"),
    "in review": has("iteration-1/evaluation.json"),
    "before sampling": has("iteration-2/margins.jsonl"),
    "in sampling": hasRows("iteration-2/unlabelled.jsonl"),
    "when samples are labelled": has("iteration-2/samples.jsonl"),
    "in the training of iteration 2": hasSteps(2, 10),
    "in sampling of iteration 3": hasRows("iteration-3/unlabelled.jsonl"),
    "in the training of iteration 3": hasSteps(3, 2),
    "before its report": has("summary.json"),
  };

  it(`ends with the same bytes after ${Object.keys(moments).length} kills: ${Object.keys(moments).join(", ")}`, async () => {
    const cwd = subfolder(work, "killed");
    for (const [moment, reached] of Object.entries(moments)) {
      const { signal, stderr } = await interrupt(cwd, "SIGKILL", reached);
      assert.equal(signal, "SIGKILL", `${moment}: ${stderr}`);
    }
    await finish(cwd);
  });

  it("ends with the same bytes after kills at arbitrary moments, and leaves no temporary file", async () => {
    const cwd = subfolder(work, "killed-anywhere");
    for (const delay of [50, 250, 450]) {
      const { process, ended } = goOn(cwd);
      // However long it takes to start.
      while (process.exitCode === null && !has("run.json")(join(cwd, "run"))) await wait(1);
      await wait(delay);
      process.kill("SIGKILL");
      await ended;
    }
    writeLines(join(cwd, "run/summary.json.0b1c.tmp"), ["half of"]);
    await finish(cwd);
    const names = readdirSync(join(cwd, "run"), { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      names.filter((name) => /tmp|partial|checkpoint/.test(name)),
      [],
    );
  });
});

describe("SIGINT", { concurrency: 2 }, () => {
  it("stops SFT, DPO and sampling with exit code 130; resuming ends with the same bytes", async () => {
    const cwd = subfolder(work, "interrupted");
    const checkpoint = (iteration: number) => () =>
      readdirSync(join(cwd, `run/iteration-${iteration}`)).some((name) => /^checkpoint-\d+\.safetensors$/.test(name));
    const moments = [
      ["SFT", hasSteps(0, 20), checkpoint(0)],
      ["DPO", hasSteps(1, 10), checkpoint(1)],
      [
        "sampling",
        hasRows("iteration-2/unlabelled.jsonl"),
        () => existsSync(join(cwd, "run/iteration-2/unlabelled.jsonl")),
      ],
      ["the training of iteration 2", hasSteps(2, 5), checkpoint(2)],
    ] as const;
    for (const [moment, reached, kept] of moments) {
      const { code, stderr } = await interrupt(cwd, "SIGINT", reached);
      assert.equal(code, 130, `${moment}: ${stderr}`);
      assert.equal(
        besidesScores(stderr),
        "interrupted: what was finished is kept; run the command again with --resume to continue\n",
      );
      assert.ok(kept(), moment);
    }
    await finish(cwd);
  });

  it("stops a run that has no result yet", async () => {
    const cwd = subfolder(work, "early");
    const { code } = await interrupt(cwd, "SIGINT", has("run.json"));
    assert.equal(code, 130);
  });
});

describe("a full disk", () => {
  const disk = join(work, "disk");
  const mounted = () => {
    subfolder(work, "disk");
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=160k", "tmpfs", disk], { stdio: "ignore" });
      after(() => execFileSync("umount", [disk]));
      return true;
    } catch {
      return false;
    }
  };

  it("stops the run with an error of one line that names the file; the run resumes with more room", async (test) => {
    if (!mounted()) return test.skip("a small disk cannot be mounted here");
    const { code, stderr } = await goOn(disk).ended;
    assert.equal(code, 1);
    assert.match(besidesScores(stderr), /^sera: \S*run\S*: ENOSPC: no space left on device, write\n$/);
    execFileSync("mount", ["-o", "remount,size=8m", disk]);
    await finish(disk);
  });
});

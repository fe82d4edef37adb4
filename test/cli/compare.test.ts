import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, describe, it } from "node:test";
import {
  besidesScores,
  json,
  run,
  workFolder,
  worldRows,
  writeLines,
  writeTinyCheckpoint,
} from "../support/command.js";
import { JudgeServer } from "../support/judge-server.js";

const work = workFolder();
const common = [
  ...[
    "compare",
    "--model",
    "model",
    "--data",
    resolve("data/world/train.jsonl"),
    "--limit",
    "8",
    "--eval-data",
    "eval.jsonl",
    "--threads",
    "1",
    "--quiet",
  ],
  ...["--batch-size", "4", "--max-new-tokens", "6", "--rounds", "1"],
];
const methods = ["--run", "DPO=direct --beta 0.5", "--run", "My SFT=sft --learning-rate 1e-3"];

before(async () => {
  writeLines(join(work, "eval.jsonl"), worldRows("validation.jsonl", 5));
  await writeTinyCheckpoint(join(work, "model"));
});

describe("sera compare", () => {
  it("refuses a folder with other files", async () => {
    mkdirSync(join(work, "thesis"));
    writeFileSync(join(work, "thesis", "chapter-1.tex"), "");
    const { code, stderr } = await run([...common, ...methods, "--seeds", "1", "--out", "thesis"], work);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^sera: thesis: not the folder of a comparison, and not empty: it has chapter-1\.tex; use another folder, such as thesis[/\\]run\n$/,
    );
  });

  it("runs each method with each seed, prints the differences, and reuses the runs with the same command", async () => {
    const args = [...common, ...methods, "--seeds", "1,2", "--out", "compared"];
    const { code, stdout, stderr } = await run(args, work);
    assert.deepEqual([code, besidesScores(stderr)], [0, ""]);
    assert.match(
      stdout,
      /^Means over seeds 1, 2, with 95 % intervals over seeds and prompts:\nmethod .*\nstart .*\nDPO .*\nMy SFT .*\n\nDifference in gold reward from DPO, .*\nmethod .*\nMy SFT .*\n\ncompared[/\\]comparison\.json\n$/,
    );
    const folder = join(work, "compared");
    const written = json(folder, "comparison.json");
    assert.deepEqual([written.seeds, written.baseline], [[1, 2], "DPO"]);
    assert.deepEqual(
      written.methods.map((row: { method: string; pairsSeen: number }) => [row.method, row.pairsSeen]),
      [
        ["start", 0],
        ["DPO", 8],
        ["My SFT", 8],
      ],
    );
    assert.deepEqual(
      written.differences.map(({ name }: { name: string }) => name),
      ["My SFT"],
    );
    assert.equal(readFileSync(join(folder, "runs.csv"), "utf8").split("\n").length, 1 + 4 + 1);
    assert.match(
      readFileSync(join(folder, "differences.csv"), "utf8"),
      /^name,mean,low,high,pValue,adjustedPValue,significant,seedDeviation\nMy SFT,/,
    );
    const options = json(join(folder, "my-sft", "seed-2"), "run.json").facts.options;
    assert.deepEqual([options.loss, options.learningRate, options.seed, options.epochs], ["nll", 1e-3, 2, 1]);

    const model = join(folder, "dpo", "seed-1", "iteration-1", "model", "model.safetensors");
    const before = statSync(model).mtimeMs;
    const again = await run(args, work);
    assert.deepEqual([again.code, again.stdout], [0, stdout]);
    assert.equal(statSync(model).mtimeMs, before);
    const other = await run([...common, "--run", "DPO=direct --beta 0.6", "--seeds", "1", "--out", "compared"], work);
    assert.equal(other.code, 1);
    assert.match(besidesScores(other.stderr), /^sera: compared[/\\]dpo[/\\]seed-1: .*beta/s);
  });

  it("labels with a judge that is set by flags with a prefix", async (test) => {
    const server = await JudgeServer.start(test);
    server.answer = (text) => JSON.stringify({ grade: 1 + (text.length % 10) });
    const judge = [
      "--judge",
      "openai:judge-1",
      "--judge-base-url",
      server.model("openai").baseUrl,
      "--judge-cache",
      "cache",
      "--judge-concurrency",
      "2",
    ];
    const { code, stderr } = await run(
      [...common, "--rounds", "2", "--run", "iterative-dpo --responses 2", "--seeds", "1", ...judge, "--out", "judged"],
      work,
    );
    assert.equal(code, 0, stderr);
    assert.ok(server.asked.length > 0);
    assert.match(
      besidesScores(stderr),
      new RegExp(`^openai:judge-1.*: ${server.asked.length} requests, 0 cached answers, .* price unknown\\n$`),
    );
    const { facts } = json(join(work, "judged", "iterative-dpo", "seed-1"), "run.json");
    assert.match(JSON.stringify(facts.judge), /judge-1/);
  });

  it("refuses options that do not fit together, before anything is written", async () => {
    const refused = async (message: string, ...args: readonly string[]) => {
      const { code, stderr } = await run([...common, ...args, "--out", "refused"], work);
      assert.deepEqual([code, besidesScores(stderr)], [1, `sera: ${message}\n`]);
      assert.equal(existsSync(join(work, "refused")), false);
    };
    await refused("--select is not an option of compare; it belongs to sera, dice", ...methods, "--select", "0.5");
    await refused('--baseline: found "SeRA", expected one of DPO, My SFT', ...methods, "--baseline", "SeRA");
    await refused(
      '--run: two methods are named "direct"; name each, as in --run "NAME=direct --beta 1"',
      "--run",
      "direct",
      "--run",
      "direct --beta 2",
    );
    await refused(
      "--judge: nothing is labelled with a judge; use iterative-dpo, curry-dpo, irepo or proxy-reward, or sera or dice with --label-by judge",
      ...methods,
      "--judge",
      "gold",
    );
    await refused(
      "there are settings of a judge (--judge-…), but no judge; give --judge too",
      ...methods,
      "--no-judge-temperature",
    );
  });
});

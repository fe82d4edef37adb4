import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { bridge, generateWorld, loadPreferences, worldEditor, worldFiles } from "../../src/data/index.js";
import { Random } from "../../src/base/random.js";
import { saveCheckpoint } from "../../src/model/checkpoint/checkpoint.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { tokenizerFromFiles } from "../../src/model/tokenizer/load-tokenizer.js";
import { tokenizerFiles } from "../../src/data/world/tokenizer.js";
import { besidesScores, json, rows, run, workFolder, writeLines } from "../support/command.js";
import { JudgeServer } from "../support/judge-server.js";
import { tinyConfig } from "../support/tiny-model.js";

/* The related methods on the command line, on a world with the words of goals. */
const work = workFolder();
const common = [
  "--model",
  "model",
  "--data",
  "train.jsonl",
  "--threads",
  "1",
  "--quiet",
  "--batch-size",
  "4",
  "--max-new-tokens",
  "6",
];

before(async () => {
  const tokenizer = tokenizerFromFiles(tokenizerFiles(true));
  const config = { ...tinyConfig, layers: 1, contextLength: 96, vocabSize: tokenizer.vocabSize };
  await saveCheckpoint(join(work, "model"), {
    config,
    parameters: initialParameters(config, Random.seeded(1)),
    tokenizer,
  });
  const files = worldFiles(
    generateWorld({
      seed: 2,
      trainPrompts: 8,
      validationPrompts: 0,
      heldOutPrompts: 4,
      demonstrations: 8,
      goals: "random",
    }),
  );
  for (const name of ["train", "heldout", "demonstrations"])
    writeLines(join(work, `${name}.jsonl`), files.get(`${name}.jsonl`)!.trim().split("\n"));
});

/** Compares a method with DPO, and returns the options of its run. */
async function compared(line: string, ...args: readonly string[]) {
  const name = line.split(" ")[0]!;
  const out = `compared-${name}`;
  const { code, stderr } = await run(
    [
      "compare",
      ...common,
      "--eval-data",
      "heldout.jsonl",
      "--rounds",
      "1",
      "--run",
      "DPO=direct",
      "--run",
      line,
      "--seeds",
      "1",
      ...args,
      "--out",
      out,
    ],
    work,
  );
  assert.equal(code, 0, stderr);
  const { methods } = json(join(work, out), "comparison.json") as {
    methods: { method: string; goldReward?: { mean: number } }[];
  };
  assert.deepEqual(
    methods.map(({ method }) => method),
    ["start", "DPO", name],
  );
  return json(join(work, out, name, "seed-1"), "run.json").facts.options;
}

describe("the related methods", () => {
  it("reward-augmented runs in compare with its options, and in align", async () => {
    const options = await compared("reward-augmented --half --ties keep");
    assert.deepEqual([options.half, options.ties, options.goalPlace, options.epochs], [true, "keep", "system", 1]);
    const alone = await run(
      ["align", "--method", "reward-augmented", ...common, "--rounds", "2", "--out", "alone"],
      work,
    );
    assert.deepEqual([alone.code, besidesScores(alone.stderr)], [0, ""]);
  });

  it("bmc runs in compare with its options, and sera bridge writes the same edits to a file", async () => {
    const options = await compared("bmc --bridge world --loss ipo-bmc --delta 3 --stop-words none");
    assert.deepEqual([options.bridge, options.loss, options.delta, options.stopWords], ["world", "ipo-bmc", 3, "none"]);
    const { code, stdout, stderr } = await run(
      ["bridge", "--data", "train.jsonl", "--editor", "world", "--out", "bridged.jsonl", "--quiet"],
      work,
    );
    assert.deepEqual([code, besidesScores(stderr)], [0, ""]);
    assert.match(stdout, /^\d of 8 pairs edited, \d without need, 0 edits of no use\nbridged\.jsonl\n$/);
    const read = async (name: string) => (await loadPreferences(join(work, name))).pairs;
    assert.deepEqual(await read("bridged.jsonl"), (await bridge(await read("train.jsonl"), worldEditor())).pairs);
  });

  it("sera bridge asks a language model, and refuses unknown editors and ways", async (test) => {
    const server = await JudgeServer.start(test);
    server.answer = () => '{"edited": null}';
    const args = [
      "bridge",
      "--data",
      "train.jsonl",
      "--base-url",
      server.model("openai").baseUrl!,
      "--cache",
      "cache",
      "--out",
      "same.jsonl",
      "--quiet",
    ];
    const { code, stdout, stderr } = await run(
      [...args, "--editor", "openai:editor-1", "--blind", "--way", "worsen"],
      work,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^0 of 8 pairs edited, 8 without need, 0 edits of no use\n8 requests, /);
    const wrong = await run([...args, "--editor", "gold"], work);
    assert.match(wrong.stderr, /^sera: judge: found "gold", expected provider:model/);
    const way = await run([...args, "--editor", "world", "--way", "mend"], work);
    assert.match(way.stderr, /found "mend", expected one of improve, worsen/);
  });

  it("irepo runs in compare with its options and the world's gold reward as its judge", async () => {
    const options = await compared("irepo --votes 5 --vote-temperature 2 --responses 2", "--rounds", "2");
    assert.deepEqual(
      [options.votes, options.voteTemperature, options.responses, options.loss, options.reference, options.iterations],
      [5, 2, 2, "irepo", "previous", 2],
    );
  });

  it("aihf trains without SFT, next to DPO after SFT on the same demonstrations", async () => {
    const options = await compared(
      "aihf --self-play --demonstration-weight 0.5",
      "--demonstrations",
      "demonstrations.jsonl",
    );
    assert.deepEqual(
      [options.selfPlay, options.demonstrationWeight, options.pairWeight, options.loss],
      [true, 0.5, 1, "dpo"],
    );
    const phases = (name: string) =>
      new Set(rows(join(work, "compared-aihf", name, "seed-1"), "metrics.jsonl").map(({ phase }) => phase));
    assert.deepEqual([phases("dpo"), phases("aihf")], [new Set(["sft", "align"]), new Set(["align"])]);
  });

  it("spo runs in compare with its options", async () => {
    const options = await compared("spo --degree-weight 0.5 --key-content random --degrade remove");
    assert.deepEqual(
      [options.degreeWeight, options.keyContent, options.degrade, options.loss],
      [0.5, "random", "remove", "dpo"],
    );
  });

  it("sapo runs in compare with its options, and refuses segments that are too long", async () => {
    const options = await compared(
      "sapo --segment 4 --buffer-size 8 --average-decay 0.9 --average-every 2 --reference-becomes policy --segment-top-k 0",
    );
    assert.deepEqual(
      [
        options.segment,
        options.bufferSize,
        options.averageDecay,
        options.averageEvery,
        options.referenceBecomes,
        options.segmentTopK,
        options.loss,
      ],
      [4, 8, 0.9, 2, "policy", 0, "dpo"],
    );
    const { code, stderr } = await run(
      ["compare", ...common, "--eval-data", "heldout.jsonl", "--run", "sapo --segment 90", "--out", "too-long"],
      work,
    );
    assert.equal(code, 1);
    assert.match(stderr, /^sera: sapo: --segment: all 8 chosen responses are too short for a segment of 90 tokens/);
  });

  it("proxy-reward runs with the world's gold reward as its judge, and counts its grades", async () => {
    const options = await compared("proxy-reward --budget 6 --graded data --choose-by prompts --evaluator-epochs 2");
    assert.deepEqual(
      [options.budget, options.chooseBy, options.evaluatorEpochs, options.spend, options.graded, options.responses],
      [6, "prompts", 2, "evaluator", "data", 2],
    );
    assert.equal(json(join(work, "compared-proxy-reward", "proxy-reward", "seed-1"), "summary.json").graded, 6);
    const { methods: rows } = json(join(work, "compared-proxy-reward"), "comparison.json") as {
      methods: { graded: number }[];
    };
    assert.deepEqual(
      rows.map(({ graded }) => graded),
      [0, 0, 6],
    );
    const alone = await run(
      [
        "align",
        "--method",
        "proxy-reward",
        ...common,
        "--graded",
        "data",
        "--spend",
        "direct",
        "--budget",
        "5",
        "--rounds",
        "1",
        "--out",
        "graded-directly",
      ],
      work,
    );
    assert.match(alone.stdout, /\n4 responses graded by the judge\n/);
    const { code, stderr } = await run(
      ["align", "--method", "proxy-reward", ...common, "--budget", "99", "--out", "too-many"],
      work,
    );
    assert.equal(code, 1);
    assert.match(stderr, /^sera: --budget: found 99, expected at most 16/);
  });
});

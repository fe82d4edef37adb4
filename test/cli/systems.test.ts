import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { generateWorld, worldFiles } from "../../src/data/index.js";
import { Random } from "../../src/base/random.js";
import { saveCheckpoint } from "../../src/model/checkpoint/checkpoint.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { tokenizerFromFiles } from "../../src/model/tokenizer/load-tokenizer.js";
import { tokenizerFiles } from "../../src/data/world/tokenizer.js";
import { besidesScores, json, run, workFolder, writeLines } from "../support/command.js";
import { tinyConfig } from "../support/tiny-model.js";

/* The related methods on the command line, on a world whose words include those of goals. */
const work = workFolder();
const common = ["--model", "model", "--data", "train.jsonl", "--threads", "1", "--quiet", "--batch-size", "4", "--max-new-tokens", "6"];

before(async () => {
  const tokenizer = tokenizerFromFiles(tokenizerFiles(true));
  const config = { ...tinyConfig, layers: 1, contextLength: 96, vocabSize: tokenizer.vocabSize };
  await saveCheckpoint(join(work, "model"), { config, parameters: initialParameters(config, Random.seeded(1)), tokenizer });
  const files = worldFiles(generateWorld({ seed: 2, trainPrompts: 8, validationPrompts: 0, heldOutPrompts: 4, demonstrations: 8, goals: "random" }));
  for (const name of ["train", "heldout", "demonstrations"]) writeLines(join(work, `${name}.jsonl`), files.get(`${name}.jsonl`)!.trim().split("\n"));
});

/** Compares a method with DPO, and gives the options of its run. */
async function compared(line: string, ...args: readonly string[]) {
  const name = line.split(" ")[0]!;
  const out = `compared-${name}`;
  const { code, stderr } = await run(["compare", ...common, "--eval-data", "heldout.jsonl", "--rounds", "1", "--run", "DPO=direct", "--run", line, "--seeds", "1", ...args, "--out", out], work);
  assert.equal(code, 0, stderr);
  const { methods } = json(join(work, out), "comparison.json") as { methods: { method: string; goldReward?: { mean: number } }[] };
  assert.deepEqual(methods.map(({ method }) => method), ["start", "DPO", name]);
  return json(join(work, out, name, "seed-1"), "run.json").facts.options;
}

describe("the related methods", () => {
  it("reward-augmented", async () => {
    const options = await compared("reward-augmented --half --ties keep");
    assert.deepEqual([options.half, options.ties, options.goalPlace, options.epochs], [true, "keep", "system", 1]);
    const alone = await run(["align", "--method", "reward-augmented", ...common, "--rounds", "2", "--out", "alone"], work);
    assert.deepEqual([alone.code, besidesScores(alone.stderr)], [0, ""]);
  });
});

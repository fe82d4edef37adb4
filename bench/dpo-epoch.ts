import { Command } from "commander";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dpo } from "../src/align/losses/dpo.js";
import { preference } from "../src/align/preference.js";
import { Trainer } from "../src/align/trainer.js";
import { writeFileAtomic } from "../src/base/files.js";
import { Random } from "../src/base/random.js";
import { whole } from "../src/cli/options.js";
import { freshModel } from "../src/data/fresh-model.js";
import { loadPreferences } from "../src/data/load-preferences.js";
import { textsOf } from "../src/data/texts-of.js";
import { tokenizePairs, type TokenizedPair } from "../src/data/tokenize.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from "../src/model/checkpoint/checkpoint.js";
import { Policy } from "../src/model/policy/policy.js";
import { isPreset, preset } from "../src/model/presets.js";
import { planScoring, responseLogProbs } from "../src/model/scoring/score.js";
import { cachedPairLogProbs } from "../src/review/index.js";
import { pairSequences } from "../src/review/log-ratios.js";
import { runForJson } from "./child.js";
import { pythonWith } from "./pytorch.js";

/*
 * An epoch of DPO from texts that are already tokens to a trained policy: the log-probabilities under the reference,
 * then every step, the making of programs included. Ours with and without what saves work, and TRL's on the same
 * tokens, from the same parameters, in batches of the same size.
 *
 * usage: npm run bench:epoch -- PAIRS.jsonl.gz --model tiny --limit 128
 */

interface Options {
  readonly model: string;
  readonly limit: number;
  readonly batchSize: number;
  readonly rounds: number;
}

const command = new Command("bench:epoch")
  .description("Times an epoch of DPO on preference pairs, beside TRL where .venv or $PYTHON has it.")
  .argument("<pairs>", "preference pairs: .jsonl, .jsonl.gz or .parquet")
  .option("--model <name>", "a preset or a checkpoint folder", "tiny")
  .option("--limit <n>", "use the first n pairs only", whole(1), 128)
  .option("--batch-size <n>", "pairs of a step", whole(1), 16)
  .option("--rounds <n>", "how often all are timed in turn; the shortest time counts", whole(1), 2)
  .parse();
const [file] = command.args as [string];
const { model, limit, batchSize, rounds } = command.opts<Options>();
const [beta, learningRate] = [0.1, 1e-5];

const loaded = await loadPreferences(file, { limit });
const start = isPreset(model)
  ? await freshModel(preset(model), () => textsOf(loaded.pairs), 1)
  : await loadCheckpoint(model);
const { pairs } = tokenizePairs(loaded.pairs, start.tokenizer, {
  contextLength: start.config.contextLength,
  truncatePrompts: true,
});
const folder = await mkdtemp(join(tmpdir(), "dpo-epoch-"));

/** An epoch: what the reference says of the pairs, and then every step. */
async function epoch(sharePrompts: boolean | undefined, cache?: string): Promise<number> {
  const engine = new OnnxEngine();
  const policy = await Policy.create(new ProgramCache(engine), start);
  const begin = performance.now();
  const sequences = pairSequences(pairs);
  const values = cache === undefined ? await responseLogProbs(policy, sequences, {}, sharePrompts) : undefined;
  const kept =
    cache === undefined
      ? undefined
      : (await cachedPairLogProbs(policy, JSON.stringify(await policy.fingerprint()), pairs, cache)).values;
  const examples = pairs.map((_, i) => ({
    chosen: sequences[2 * i]!,
    rejected: sequences[2 * i + 1]!,
    referenceChosen: values?.[2 * i] ?? kept!.chosen[i]!,
    referenceRejected: values?.[2 * i + 1] ?? kept!.rejected[i]!,
  }));
  const options = { batchSize, epochs: 1, learningRate, ...(sharePrompts !== undefined && { sharePrompts }) };
  const training = await Trainer.begin(policy, preference(dpo({ beta })), examples, options, Random.seeded(1));
  for await (const { step, loss } of training.steps()) {
    if (step === 1 && Math.abs(loss - Math.LN2) > 1e-3) throw new Error(`the first loss is ${loss}, not ln 2`);
  }
  const seconds = (performance.now() - begin) / 1000;
  await engine.close();
  return seconds;
}

// Seen from dist/bench.
const script = fileURLToPath(new URL("../../bench/python/bench_trl.py", import.meta.url));

async function trl(python: string, precompute: boolean): Promise<number> {
  const args = [
    script,
    folder,
    "--batch-size",
    `${batchSize}`,
    "--beta",
    `${beta}`,
    "--learning-rate",
    `${learningRate}`,
  ];
  const { seconds } = (await runForJson(python, [...args, ...(precompute ? ["--precompute"] : [])])) as {
    seconds: number;
  };
  return seconds;
}

/** What TRL reads: the model in Hugging Face layout, and the pairs in tokens. */
async function writeTask({ config, parameters, tokenizer }: Checkpoint, of: readonly TokenizedPair[]): Promise<void> {
  await saveCheckpoint(join(folder, "model"), { config, parameters, tokenizer });
  const rows = of.map(({ prompt, chosen, rejected }) => ({
    prompt_ids: [...prompt],
    chosen_ids: [...chosen],
    rejected_ids: [...rejected],
  }));
  await writeFileAtomic(join(folder, "pairs.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

try {
  const python = await pythonWith("import trl");
  if (python === undefined)
    console.log("TRL is not measured: neither $PYTHON nor .venv has it; scripts/make-venv.sh makes .venv.\n");
  await writeTask(start, pairs);
  const cache = join(folder, "reference");
  const works: (readonly [name: string, work: () => Promise<number>])[] = [
    ["a row for each response", () => epoch(false)],
    ["prompts shared where that is cheaper", () => epoch(undefined)],
    ["and the reference's log-probabilities read", () => epoch(undefined, cache)],
    ...(python === undefined
      ? []
      : ([
          ["TRL, reference in each step", () => trl(python, false)],
          ["TRL, reference precomputed", () => trl(python, true)],
        ] as const)),
  ];
  // Fills the cache.
  await epoch(undefined, cache);
  const times = new Map(works.map(([name]) => [name, Infinity]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of works) {
      const seconds = await work();
      times.set(name, Math.min(times.get(name)!, seconds));
      console.log(`round ${round + 1}: ${name}, ${seconds.toFixed(1)} s`);
    }
  }
  const tokens = (share: boolean) =>
    planScoring(start.config, pairSequences(pairs), share).reduce(
      (sum, { shape }) => sum + shape.rows * shape.length,
      0,
    );
  console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`);
  console.log(
    `${pairs.length} pairs, ${model}, batches of ${batchSize}; scoring computes ${tokens(false)} tokens in rows of their own, ${tokens(true)} shared\n`,
  );
  console.log("| an epoch of DPO | seconds | of the first |\n| --- | ---: | ---: |");
  const first = times.get(works[0]![0])!;
  for (const [name, seconds] of times)
    console.log(`| ${name} | ${seconds.toFixed(1)} | ${(seconds / first).toFixed(2)} |`);
} finally {
  await rm(folder, { recursive: true });
}

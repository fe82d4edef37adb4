import { Command } from "commander";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { whole } from "../src/cli/options.js";
import { planScoring } from "../src/model/scoring/score.js";
import { pairSequences } from "../src/review/log-ratios.js";
import { runForJson } from "./child.js";
import type { Epoch, EpochWork } from "./dpo-epoch-measure.js";
import { pythonWithTrl, TrlTask, type TaskChoice } from "./trl-task.js";

/*
 * Times an epoch of DPO from tokens to a trained policy: the log-probabilities under the reference, then every step,
 * including the building of programs. Measures ours with and without the optimisations, and TRL's on the same tokens,
 * from the same parameters, in batches of the same size.
 *
 * usage: npm run bench:epoch -- PAIRS.jsonl.gz --model tiny --limit 128
 */

interface Options extends TaskChoice {
  readonly batchSize: number;
  readonly rounds: number;
  readonly memory?: string;
}

const command = new Command("bench:epoch")
  .description("Times an epoch of DPO on preference pairs, beside TRL where .venv or $PYTHON has it.")
  .argument("<pairs>", "preference pairs: .jsonl, .jsonl.gz or .parquet")
  .option("--model <name>", "a preset, a checkpoint folder, a GGUF file or a name on the hub", "tiny")
  .option("--lora <rank>", "train an adapter on all linear layers instead of the whole model", whole(1))
  .option("--limit <n>", "use the first n pairs only", whole(1), 128)
  .option("--max-length <n>", "tokens of a prompt and a response at most", whole(2))
  .option("--memory <size>", "memory to plan for (default: three quarters of what is free)")
  .option("--batch-size <n>", "pairs of a step", whole(1), 16)
  .option("--rounds <n>", "how often all are timed in turn; the shortest time counts", whole(1), 2)
  .parse();
const [file] = command.args as [string];
const { batchSize, rounds, memory, ...choice } = command.opts<Options>();
const [beta, learningRate] = [0.1, 1e-5];
const task = await TrlTask.write(file, choice);
const { pairs, folder } = task;

/** An epoch in its own process. */
const epoch = (sharePrompts: boolean | undefined, cache?: string) =>
  runForJson(process.execPath, [
    fileURLToPath(new URL("./dpo-epoch-measure.js", import.meta.url)),
    JSON.stringify({ folder, batchSize, beta, learningRate, sharePrompts, cache, memory } satisfies EpochWork),
  ]) as Promise<Epoch>;

async function trl(python: string, precompute: boolean): Promise<Epoch> {
  const args = ["--batch-size", `${batchSize}`, "--beta", `${beta}`, "--learning-rate", `${learningRate}`];
  return (await task.python(python, "bench_trl.py", [...args, ...(precompute ? ["--precompute"] : [])])) as Epoch;
}

try {
  const python = await pythonWithTrl(choice.lora !== undefined);
  const cache = join(folder, "reference");
  const works: (readonly [name: string, work: () => Promise<Epoch>])[] = [
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
  const best = new Map<string, Epoch>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of works) {
      const found = await work();
      if (Math.abs(found.firstLoss - Math.LN2) > 1e-4)
        throw new Error(`${name}: the first loss is ${found.firstLoss}, not ln 2`);
      if (found.seconds < (best.get(name)?.seconds ?? Infinity)) best.set(name, found);
      console.log(`round ${round + 1}: ${name}, ${found.seconds.toFixed(1)} s`);
    }
  }
  const tokens = (share: boolean) =>
    planScoring(task.config, pairSequences(pairs), share).reduce(
      (sum, { shape }) => sum + shape.rows * shape.length,
      0,
    );
  console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`);
  console.log(
    `${pairs.length} pairs, ${choice.model}, batches of ${batchSize}; scoring computes ${tokens(false)} tokens in rows of their own, ${tokens(true)} shared\n`,
  );
  console.log(
    "| an epoch of DPO | seconds | of the first | processor time, s | peak, GB | first loss |\n| --- | ---: | ---: | ---: | ---: | ---: |",
  );
  const first = best.get(works[0]![0])!;
  for (const [name, { seconds, processorSeconds, peakBytes, firstLoss }] of best) {
    const figures = [
      seconds.toFixed(1),
      (seconds / first.seconds).toFixed(2),
      processorSeconds.toFixed(1),
      (peakBytes / 1e9).toFixed(1),
      firstLoss.toFixed(4),
    ];
    console.log(`| ${[name, ...figures].join(" | ")} |`);
  }
} finally {
  await task.remove();
}

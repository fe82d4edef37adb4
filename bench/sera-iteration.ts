import { Command } from "commander";
import { cpus } from "node:os";
import { join } from "node:path";
import { bytesIn } from "../src/base/byte-size.js";
import { sera } from "../src/cells/sera.js";
import { whole } from "../src/cli/options.js";
import { loadPreferences } from "../src/data/load-preferences.js";
import { runLayout } from "../src/run/folder/layout.js";
import { peakBytes } from "./spent.js";
import { pythonWithTrl, TrlTask, type TaskChoice } from "./trl-task.js";

/*
 * Times a whole iteration of SeRA, the second of a run: the margins of the pairs, four responses to each prompt, their
 * implicit rewards, pairs of the best and the worst, and an epoch of DPO on 70 % kept and 30 % generated pairs. For comparison,
 * transformers and TRL do the same with the policy of our first iteration: a forward pass of the policy and one of the reference
 * over pairs and responses, `generate`, and DPOTrainer.
 *
 * usage: npm run bench:iteration -- PAIRS.jsonl.gz --model tiny --limit 128
 */

interface Options extends TaskChoice {
  readonly batchSize: number;
  readonly maxNewTokens: number;
  readonly memory?: string;
}

/** Seconds of an iteration by stage, in either side's terms. */
interface Iteration {
  readonly scoring: number;
  readonly sampling: number;
  readonly training: number;
  readonly peakBytes: number;
}

const command = new Command("bench:iteration")
  .description(
    "Times an iteration of SeRA on preference pairs, beside transformers and TRL where .venv or $PYTHON has them.",
  )
  .argument("<pairs>", "preference pairs: .jsonl, .jsonl.gz or .parquet")
  .option("--model <name>", "a preset, a checkpoint folder, a GGUF file or a name on the hub", "tiny")
  .option("--lora <rank>", "train an adapter on all linear layers instead of the whole model", whole(1))
  .option("--limit <n>", "use the first n pairs only", whole(1), 128)
  .option("--max-length <n>", "tokens of a prompt and a response at most", whole(2))
  .option("--batch-size <n>", "pairs of a step", whole(1), 16)
  .option("--max-new-tokens <n>", "tokens of a written response at most", whole(1), 48)
  .option("--memory <size>", "memory to plan for (default: three quarters of what is free)")
  .parse();
const [file] = command.args as [string];
const { batchSize, maxNewTokens, memory, ...choice } = command.opts<Options>();
const [beta, learningRate, responses, temperature] = [1, 1e-4, 4, 0.7];
const task = await TrlTask.write(file, choice);

async function ours(folder: string): Promise<Iteration> {
  const { pairs } = await loadPreferences(file, { limit: choice.limit });
  const { engine, policy } = await task.load(bytesIn(memory));
  const run = await sera(policy, pairs, {
    ...{ iterations: 2, beta, learningRate, responses, temperature, batchSize, maxNewTokens, seed: 1 },
    ...{ truncatePrompts: true, folder, quiet: true, ...(choice.maxLength && { maxLength: choice.maxLength }) },
  });
  const { scoring, sampling, training } = run.iterations[2]!.seconds;
  await engine.close();
  return { scoring, sampling, training, peakBytes: peakBytes() };
}

try {
  const python = await pythonWithTrl(choice.lora !== undefined);
  const run = join(task.folder, "run");
  const rows: (readonly [string, Iteration])[] = [["sera-lab", await ours(run)]];
  if (python !== undefined) {
    const settings = { batchSize, beta, learningRate, responses, temperature, maxNewTokens };
    const policy = join(run, runLayout.iteration(1).model);
    const found = await task.python(python, "bench_trl_iteration.py", [policy, JSON.stringify(settings)]);
    rows.push(["transformers and TRL", found as Iteration]);
  }
  console.log(`${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`);
  console.log(
    `${task.pairs.length} pairs, ${choice.model}, batches of ${batchSize}, ${responses} responses of up to ${maxNewTokens} tokens\n`,
  );
  console.log(
    "| an iteration of SeRA | scoring, s | sampling, s | training, s | all, s | peak, GB |\n| --- | ---: | ---: | ---: | ---: | ---: |",
  );
  for (const [name, { scoring, sampling, training, peakBytes }] of rows) {
    const figures = [scoring, sampling, training, scoring + sampling + training, peakBytes / 1e9];
    console.log(`| ${[name, ...figures.map((figure) => figure.toFixed(1))].join(" | ")} |`);
  }
} finally {
  await task.remove();
}

import { Command } from "commander";
import { RunFolder } from "../align/run-folder.js";
import { supervised } from "../align/sft.js";
import { forgetCheckpoint, trainInFolder } from "../align/train-in-folder.js";
import { Random } from "../base/random.js";
import { reported } from "../base/work.js";
import { loadDemonstrations, tokenizeDemonstrations } from "../data/index.js";
import { Policy } from "../model/policy.js";
import { sftTraining } from "./align.js";
import { dataOptions, engineOptions, sftOptions, whole, type DataArguments, type EngineArguments, type SftArguments } from "./options.js";
import { openRun } from "./run-config.js";
import { withSession, type CommandSession } from "./session.js";
import { startingModel, textsOf } from "./start.js";

/** Everything that `sera sft` is told. */
export interface SftRun extends DataArguments, EngineArguments, SftArguments {
  readonly data: string;
  readonly model: string;
  readonly seed: number;
  readonly out: string;
  readonly resume: boolean;
}

export function sftCommand(): Command {
  const command = new Command("sft")
    .description("train a model on prompts with responses, as a start for `sera align --init-from`")
    .requiredOption("--data <file>", "rows with a prompt and a response: .jsonl, .jsonl.gz or .parquet")
    .requiredOption("--model <name>", "a checkpoint folder, or a preset: world, tiny, small, base")
    .requiredOption("--out <folder>", "where the run is kept; the model is in its folder model/")
    .option("--seed <n>", "the same seed gives the same bytes", whole(0), 0)
    .option("--resume", "go on with the run in --out", false);
  return engineOptions(sftOptions(dataOptions(command))).action(async (run: SftRun) => {
    await withSession(run, (session) => sft(run, session));
    process.stdout.write(`${run.out}/model\n`);
  });
}

/** Does what `sera sft` is told. */
export async function sft(run: SftRun, { programs, signal, reporter }: CommandSession): Promise<void> {
  const { demonstrations } = await loadDemonstrations(run.data, {
    skipBadRows: run.skipBadRows,
    ...(run.limit && { limit: run.limit }),
  });
  const folder = new RunFolder(run.out);
  const { quiet: _, ...config } = run;
  await openRun(folder, config, run.resume);
  const texts = () => textsOf(demonstrations.map(({ id, prompt, response }) => ({ id, prompt, chosen: response, rejected: "" })));
  const start = await startingModel(run.model, texts, run.seed);
  const tokenized = tokenizeDemonstrations(demonstrations, start.tokenizer, {
    contextLength: start.config.contextLength,
    truncatePrompts: run.truncatePrompts,
    skipBadRows: run.skipBadRows,
  });
  const phase = {
    kind: "sft" as const,
    iteration: 0,
    objective: supervised,
    examples: tokenized.demonstrations,
    options: sftTraining(run),
    start: () => Policy.create(programs, start),
  };
  const random = Random.seeded(run.seed).fork("sft", 0);
  const policy = await reported("sft", { signal, reporter }, (work) => trainInFolder(folder, phase, random, work));
  await policy.save(folder.file("model"));
  await forgetCheckpoint(folder, 0);
}

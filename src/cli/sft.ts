import { Command } from "commander";
import { checkTraining } from "../align/check-training.js";
import { RunFolder } from "../align/run-folder.js";
import { supervised } from "../align/sft.js";
import { forgetCheckpoint, trainInFolder } from "../align/train-in-folder.js";
import { inputError } from "../base/errors.js";
import { writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { reported } from "../base/task.js";
import { tokenizeDemonstrations } from "../data/index.js";
import { loadDemonstrations } from "../data/load-demonstrations.js";
import { textsOf } from "../data/texts-of.js";
import { Policy } from "../model/policy.js";
import { sftTraining } from "./align.js";
import { dataNotes } from "./data-notes.js";
import { dataOptions, engineOptions, sftOptions, whole, type DataArguments, type EngineArguments, type SftArguments } from "./options.js";
import { openRun } from "./run-config.js";
import { withSession, type CommandSession } from "./session.js";
import { startingModel } from "./start.js";

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
export async function sft(run: SftRun, { prepare, programs, signal, reporter }: CommandSession): Promise<void> {
  const options = sftTraining(run);
  checkTraining(options, "sft ");
  const folder = new RunFolder(run.out);
  const { quiet: _, ...config } = run;
  const { start, examples, account } = await openRun(folder, config, run.resume, () => prepare(() => read(run)));
  await writeJson(folder.file("data.json"), account);
  await folder.fixedRows("demonstrations.jsonl", examples.map(({ id, prompt, response }) => ({ id, prompt: [...prompt], response: [...response] })));
  const phase = {
    kind: "sft" as const,
    iteration: 0,
    objective: supervised,
    examples,
    options,
    start: () => Policy.create(programs, start),
  };
  if (!(await folder.has("model"))) {
    const random = Random.seeded(run.seed).fork("sft", 0);
    const policy = await reported("sft", { signal, reporter }, (work) => trainInFolder(folder, phase, random, work));
    await policy.save(folder.file("model"));
  }
  await forgetCheckpoint(folder, 0);
}

/** Reads all that the run needs: the demonstrations in tokens, and the model that it begins from. */
async function read(run: SftRun) {
  const { skipBadRows, truncatePrompts } = run;
  const loaded = await loadDemonstrations(run.data, { skipBadRows, ...(run.limit && { limit: run.limit }) });
  const texts = () => textsOf(loaded.demonstrations.map(({ id, prompt, response }) => ({ id, prompt, chosen: response, rejected: "" })));
  const start = await startingModel(run.model, texts, run.seed);
  const { contextLength } = start.config;
  const { demonstrations, truncation, skipped } = tokenizeDemonstrations(loaded.demonstrations, start.tokenizer, {
    contextLength,
    truncatePrompts,
    skipBadRows,
  });
  const counts = { skipped: [...loaded.skipped, ...skipped], truncation };
  process.stderr.write(dataNotes(run.data, counts).join(""));
  if (demonstrations.length === 0) throw inputError({ file: run.data }, "no demonstration that fits the model's context", "at least one");
  return { start, examples: demonstrations, account: { demonstrations: demonstrations.length, ...counts } };
}

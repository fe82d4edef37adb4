import { Command } from "commander";
import { RunFolder } from "../align/run-folder.js";
import { supervised } from "../align/sft.js";
import { forgetCheckpoint, trainInFolder } from "../align/train-in-folder.js";
import { inputError } from "../base/errors.js";
import { writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { reported } from "../base/task.js";
import { tokenizeDemonstrations } from "../data/index.js";
import { loadDemonstrations } from "../data/load-demonstrations.js";
import { Policy } from "../model/policy.js";
import { resolveOptions, sftForm, sftTrainingOptions, type SftOptions } from "../run/options/index.js";
import { dataNotes } from "./data-notes.js";
import { dataOptions, engineOptions, givenOptions, methodOptions, type DataArguments, type EngineArguments } from "./options.js";
import { openRun } from "./run-config.js";
import { withSession, type CommandSession } from "./session.js";
import { startingModel, textsOf } from "./start.js";

/** Everything that `sera sft` is told. */
export interface SftRun extends DataArguments, EngineArguments, Partial<SftOptions> {
  readonly data: string;
  readonly model: string;
  readonly seed?: number;
  readonly out: string;
  readonly resume: boolean;
}

export function sftCommand(): Command {
  const command = new Command("sft")
    .description("train a model on prompts with responses, as a start for `sera align --init-from`")
    .requiredOption("--data <file>", "rows with a prompt and a response: .jsonl, .jsonl.gz or .parquet")
    .requiredOption("--model <name>", "a checkpoint folder, or a preset: world, tiny, small, base")
    .requiredOption("--out <folder>", "where the run is kept; the model is in its folder model/")
    .option("--resume", "go on with the run in --out", false);
  return engineOptions(methodOptions(dataOptions(command), sftForm)).action(async (run: SftRun) => {
    await withSession(run, (session) => sft(run, session));
    process.stdout.write(`${run.out}/model\n`);
  });
}

/** Does what `sera sft` is told. */
export async function sft(run: SftRun, { prepare, programs, signal, reporter }: CommandSession): Promise<void> {
  const resolved = resolveOptions(sftForm, givenOptions(run));
  const options = sftTrainingOptions(resolved);
  const folder = new RunFolder(run.out);
  const { quiet: _, ...rest } = run;
  const config = { ...rest, ...resolved };
  const { start, examples, account } = await openRun(folder, config, run.resume, () => prepare(() => read(run, resolved.seed)));
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
    const random = Random.seeded(resolved.seed).fork("sft", 0);
    const policy = await reported("sft", { signal, reporter }, (work) => trainInFolder(folder, phase, random, work));
    await policy.save(folder.file("model"));
  }
  await forgetCheckpoint(folder, 0);
}

/** Reads all that the run needs: the demonstrations in tokens, and the model that it begins from. */
async function read(run: SftRun, seed: number) {
  const { skipBadRows, truncatePrompts } = run;
  const loaded = await loadDemonstrations(run.data, { skipBadRows, ...(run.limit && { limit: run.limit }) });
  const texts = () => textsOf(loaded.demonstrations.map(({ id, prompt, response }) => ({ id, prompt, chosen: response, rejected: "" })));
  const start = await startingModel(run.model, texts, seed);
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

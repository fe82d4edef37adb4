import { Command } from "commander";
import { RunFolder } from "../align/run-folder.js";
import { inputError } from "../base/errors.js";
import { flipLabels, tokenizePairs, type LoadedPreferences } from "../data/index.js";
import { loadPreferences } from "../data/load-preferences.js";
import { pairRow } from "../data/pair-row.js";
import { writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { evaluateInFolder } from "../judge/evaluate-in-folder.js";
import { heldOutPairs } from "../judge/held-out.js";
import { responseJudge, worldJudge } from "../judge/response-judge.js";
import { loadCheckpoint, type Checkpoint } from "../model/checkpoint.js";
import { runMethod } from "../run/method.js";
import { generationOptions, identityOf, lossOf, type MethodOptions, type SeraOptions } from "../run/options/index.js";
import type { RunSummary } from "../run/summary.js";
import { dataNotes } from "./data-notes.js";
import { allMethodOptions, methodFromFlags, namedMethods } from "./methods.js";
import {
  dataOptions,
  engineOptions,
  share,
  type DataArguments,
  type EngineArguments,
} from "./options.js";
import { writeReport } from "./report/run-report.js";
import { openRun } from "./run-config.js";
import { withSession, type CommandSession } from "./session.js";
import { isFromScratch, startingModel, textsOf } from "./start.js";
import { summaryTable } from "./summary-table.js";

/** Everything that `sera align` is told. */
export interface AlignRun extends Partial<SeraOptions>, DataArguments, EngineArguments {
  /** One of {@link namedMethods}. Default sera. */
  readonly method?: string;
  readonly data: string;
  readonly evalData?: string;
  readonly model: string;
  readonly initFrom?: string;
  readonly flip: number;
  readonly referenceCache?: string;
  readonly out: string;
  readonly resume: boolean;
}

export function alignCommand(): Command {
  const command = new Command("align")
    .description("align a model with preference pairs by SeRA, or by the loss alone with --iterations 1")
    .requiredOption("--data <file>", "preference pairs: .jsonl, .jsonl.gz or .parquet")
    .requiredOption("--model <name>", "a checkpoint folder, or a preset to train from scratch: world, tiny, small, base")
    .requiredOption("--out <folder>", "where the run is kept")
    .option("--method <name>", `one of ${Object.keys(namedMethods).join(", ")} (default: sera)`)
    .option("--eval-data <file>", "held-out pairs")
    .option("--init-from <start>", "sft: train the start on the chosen responses (a preset's default); or a folder: start from that checkpoint")
    .option("--flip <share>", "swap the labels of a share of the pairs, for experiments with noise", share, 0)
    .option("--reference-cache <folder>", "keep log-probabilities under the reference there, for other runs on the same start and pairs")
    .option("--resume", "go on with the run in --out", false);
  return engineOptions(allMethodOptions(dataOptions(command))).action(async (run: AlignRun) => {
    const summary = await withSession(run, (session) => align(run, session));
    process.stdout.write(`${summaryTable(summary)}\n${run.out}/report.html\n`);
  });
}

/** Does what `sera align` is told; leaves everything in the run's folder. */
export async function align(run: AlignRun, session: CommandSession): Promise<RunSummary> {
  const method = methodFromFlags(run.method ?? "sera", run);
  const { options } = method;
  const folder = new RunFolder(run.out);
  const { quiet: _, ...rest } = run;
  const config = { ...rest, ...identityOf(options) };
  const { start, fromSft, data, heldOut } = await openRun(folder, config, run.resume, () => session.prepare(() => prepare(run, options)));
  const { pairs } = data;
  await writeJson(folder.file("data.json"), { ...data.account, ...(heldOut && { heldOut: heldOut.account }) });
  if (heldOut) await folder.fixedRows("held-out-pairs.jsonl", heldOut.pairs.map(pairRow));

  const summary = await runMethod(
    method,
    {
      start,
      pairs,
      ...(data.judge && { judge: data.judge }),
      ...(run.referenceCache !== undefined && { referenceCache: run.referenceCache }),
      ...(fromSft && { demonstrations: pairs.map(({ id, prompt, chosen }) => ({ id, prompt, response: chosen })) }),
      ...(heldOut && { heldOut: heldOut.pairs, evaluate: evaluateInFolder(heldOut, folder, Random.seeded(options.seed).fork("evaluate"), session) }),
    },
    folder,
    session.programs,
    session,
  );
  await writeReport(run.out);
  return summary;
}

/** Reads all that the run needs: the data, and the model that it begins from. */
async function prepare(run: AlignRun, options: MethodOptions) {
  const { skipBadRows } = run;
  const loaded = await loadPreferences(run.data, { skipBadRows, ...(run.limit && { limit: run.limit }) });
  const held = run.evalData === undefined ? undefined : await loadPreferences(run.evalData, { skipBadRows });
  const offline = { ...loaded, pairs: flipLabels(loaded.pairs, run.flip, Random.seeded(options.seed).fork("flip")) };
  const fromSft = run.initFrom === "sft" || (run.initFrom === undefined && (await isFromScratch(run.model)));
  const start =
    run.initFrom === undefined || run.initFrom === "sft"
      ? await startingModel(run.model, () => textsOf(offline.pairs), options.seed)
      : await loadCheckpoint(run.initFrom);
  const judge = worldJudge(offline.pairs);
  const data = { ...tokenize(run.data, offline, start, run), ...(judge && { judge: responseJudge(judge, offline.pairs) }) };
  return { start, fromSft, data, heldOut: held && heldOutOf(run.evalData!, held, start, run, options) };
}

/** The pairs of a file in tokens, and an account of what became of its rows; the user is told what was left out. */
function tokenize(file: string, loaded: LoadedPreferences, { tokenizer, config }: Checkpoint, run: DataArguments) {
  const { pairs, truncation, identical, skipped } = tokenizePairs(loaded.pairs, tokenizer, {
    contextLength: config.contextLength,
    truncatePrompts: run.truncatePrompts,
    skipBadRows: run.skipBadRows,
  });
  const flipped = loaded.pairs.filter((pair) => pair.flipped).length;
  const counts = { skipped: [...loaded.skipped, ...skipped], truncation, identical };
  process.stderr.write(dataNotes(file, counts).join(""));
  if (pairs.length === 0) throw inputError({ file }, "no pair that fits the model's context", "at least one");
  return { pairs, account: { pairs: pairs.length, format: loaded.format, ...counts, flipped } };
}

function heldOutOf(file: string, loaded: LoadedPreferences, start: Checkpoint, run: AlignRun, options: MethodOptions) {
  const { pairs, account } = tokenize(file, loaded, start, run);
  return { account, ...heldOutPairs(pairs, loaded.pairs, generationOptions(options), lossOf(options)) };
}

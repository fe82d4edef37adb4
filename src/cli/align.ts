import { Command } from "commander";
import type { Method } from "../run/method.js";
import { openRun } from "../run/open-run.js";
import type { RunSummary } from "../run/summary.js";
import { allMethodOptions, methodFromFlags, namedMethods } from "./methods.js";
import { dataOptions, engineOptions, share } from "./options.js";
import { writeReport } from "./report/run-report.js";
import { placeOf, placeOptions } from "./run-place.js";
import { prepareRun, type RunArguments } from "./run-inputs.js";
import { withSession, type CommandSession } from "./session.js";
import { modelOptions } from "./start.js";
import { summaryTable } from "./summary-table.js";

export function alignCommand(): Command {
  const command = new Command("align")
    .description("align a model with preference pairs by SeRA or another method; --iterations 1 is the loss alone")
    .requiredOption("--data <source>", "preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub")
    .option("--eval-data <source>", "held-out pairs, on which every iteration is reported")
    .option("--validation-data <source>", "pairs by which training chooses (--keep-best-by, --patience); none of them may be held out")
    .option("--demonstrations <file>", "train the start on these first, by supervised fine-tuning: rows with a prompt and a response")
    .option("--init-from <start>", "sft: train the start on the chosen responses first (a preset's default); or a folder: start from that checkpoint")
    .option("--flip <share>", "swap the labels of a share of the pairs, for experiments with noise", share, 0)
    .option("--reference-cache <folder>", "keep log-probabilities under the reference there, for other runs on the same start and pairs");
  command.option("--method <name>", `what trains the policy: ${Object.keys(namedMethods).join(", ")} (default: sera)`);
  return allMethodOptions(placeOptions(engineOptions(modelOptions(dataOptions(command))))).action(async (run: AlignArguments) => {
    const method = methodFromFlags(run.method ?? "sera", run);
    const summary = await withSession(run, (session) => align(run, method, session));
    process.stdout.write(`${summaryTable(summary)}\n${run.out}/report.html\n`);
  });
}

/** Arguments of `sera align`; a method's options are among them. */
export interface AlignArguments extends RunArguments {
  readonly method?: string;
  readonly out: string;
  readonly resume: boolean;
  readonly redoFrom?: number;
}

/** Runs a method as `sera align` does; leaves everything in the run's folder. */
export async function align(run: AlignArguments, method: Method, session: CommandSession): Promise<RunSummary> {
  const input = await session.prepare(() => prepareRun(run, session));
  try {
    const { summary } = await openRun(method, input, placeOf(run), session);
    await writeReport(run.out);
    return summary;
  } finally {
    await input.start.free();
  }
}

import { Command } from "commander";
import { counted } from "../base/counted.js";
import type { Method } from "../run/method.js";
import { openRun } from "../run/open-run.js";
import type { RunSummary } from "../run/summary.js";
import { allMethodOptions, methodFromFlags, namedMethods } from "./methods.js";
import { engineOptions } from "./options.js";
import { recordOf } from "./recorded-command.js";
import { placeOf, placeOptions } from "./run-place.js";
import { prepareRun, runOptions, type RunArguments } from "./run-inputs.js";
import { reportSpending, runJudge, runJudgeOptions, type RunJudgeArguments } from "./run-judge.js";
import { withSession, type CommandSession } from "./session.js";
import { summaryTable } from "./summary-table.js";
import { trackingOptions, type TrackingArguments } from "./tracking.js";

/** @param args the command line, which is stored in the run's folder */
export function alignCommand(args: readonly string[]): Command {
  const command = new Command("align")
    .description("Align a model with preference pairs, by SeRA or another method.")
    .option("--method <name>", `how the policy is trained: ${Object.keys(namedMethods).join(", ")}`, "sera");
  return allMethodOptions(engineOptions(runJudgeOptions(runOptions(trackingOptions(placeOptions(command))))))
    .addHelpText(
      "after",
      `
Example:
  sera align --model org/model --lora-rank 16 --data pairs.jsonl --eval-data heldout.jsonl --beta 0.1 --out runs/mine`,
    )
    .action(async (run: AlignArguments) => {
      const method = methodFromFlags(run.method ?? "sera", run);
      const summary = await withSession(run, (session) => align({ ...run, begunBy: recordOf(args) }, method, session));
      const graded = summary.graded === undefined ? "" : `${counted(summary.graded, "response")} graded by the judge\n`;
      process.stdout.write(`${summaryTable(summary)}\n${graded}${run.out}/report.html\n`);
    });
}

/** Arguments of `sera align`, including the method's options. */
export interface AlignArguments extends RunArguments, RunJudgeArguments, TrackingArguments {
  readonly method?: string;
  readonly out: string;
  readonly resume: boolean;
  readonly redoFrom?: number;
}

/** Runs a method as `sera align` does; writes everything to the run's folder. */
export async function align(run: AlignArguments, method: Method, session: CommandSession): Promise<RunSummary> {
  const judge = await runJudge(run, [method]);
  const input = await session.prepare(() => prepareRun(run, session, [method], judge));
  try {
    const { summary } = await openRun(method, input, placeOf(run), { ...session, trackers: run.track });
    // Plots take long to load, and only a finished run needs them.
    const { writeReport } = await import("./report/run-report.js");
    await writeReport(run.out);
    return summary;
  } finally {
    reportSpending(judge);
    await input.start.free();
  }
}

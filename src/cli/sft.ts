import { Command } from "commander";
import { sftOnDemonstrations } from "../methods/sft-on-demonstrations.js";
import { openRun } from "../run/open-run.js";
import type { RecordedCommand } from "../run/input.js";
import { runLayout } from "../run/folder/layout.js";
import { sftForm } from "../run/options/index.js";
import type { RunSummary } from "../run/summary.js";
import {
  dataOptions,
  engineOptions,
  givenOptions,
  methodOptions,
  type DataArguments,
  type EngineArguments,
} from "./options.js";
import { recordOf } from "./recorded-command.js";
import { prepareSft } from "./run-inputs.js";
import { placeOf, placeOptions, type PlaceArguments } from "./run-place.js";
import { withSession, type CommandSession } from "./session.js";
import { modelOptions, type ModelArguments } from "./start.js";
import { trackingOptions, type TrackingArguments } from "./tracking.js";

/** Arguments of `sera sft`. */
export interface SftArguments
  extends DataArguments,
    EngineArguments,
    ModelArguments,
    PlaceArguments,
    TrackingArguments {
  readonly data: string;
  readonly seed?: number;
  readonly begunBy?: RecordedCommand;
}

/** @param args the command line, which is stored in the run's folder */
export function sftCommand(args: readonly string[]): Command {
  const command = new Command("sft")
    .description(
      "Fine-tune a model on demonstrations (SFT) and print the folder of the trained model, a start for sera align --model.",
    )
    .optionsGroup("Data:")
    .requiredOption(
      "--data <source>",
      "rows with a prompt and a response: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub",
    );
  return methodOptions(engineOptions(modelOptions(dataOptions(trackingOptions(placeOptions(command))))), sftForm)
    .addHelpText(
      "after",
      `
Example:
  sera sft --model tiny --data demonstrations.jsonl --sft-epochs 3 --out runs/sft`,
    )
    .action(async (run: SftArguments) => {
      process.stdout.write(
        `${(await withSession(run, (session) => fineTune({ ...run, begunBy: recordOf(args) }, session))).model}\n`,
      );
    });
}

/** Fine-tunes as `sera sft` does. @returns the folder of the trained model, and the summary of the run */
export async function fineTune(
  run: SftArguments,
  session: CommandSession,
): Promise<{ readonly model: string; readonly summary: RunSummary }> {
  const method = sftOnDemonstrations(givenOptions(run));
  const input = await session.prepare(() => prepareSft(run, session));
  try {
    const { folder, summary } = await openRun(method, input, placeOf(run), { ...session, trackers: run.track });
    return { model: `${folder}/${runLayout.iteration(0).model}`, summary };
  } finally {
    await input.start.free();
  }
}

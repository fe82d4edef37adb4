import type { Command } from "commander";
import type { RunPlace } from "../run/open-run.js";
import { whole } from "./options.js";

/** Where a run is stored, and how it is opened. */
export interface PlaceArguments {
  readonly out: string;
  readonly resume: boolean;
  readonly redoFrom?: number;
}

export function placeOptions(command: Command): Command {
  return command
    .optionsGroup("Run:")
    .requiredOption("--out <folder>", "folder of the run")
    .option(
      "--resume",
      "continue the run in --out; without --model and --data, with the options that it was started with",
      false,
    )
    .option("--redo-from <iteration>", "redo the run in --out from this iteration on", whole(0));
}

export function placeOf({ out, resume, redoFrom }: PlaceArguments): RunPlace {
  return { folder: out, redoFrom, mode: resume || redoFrom !== undefined ? "resume" : "new" };
}

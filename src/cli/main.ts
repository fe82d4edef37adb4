#!/usr/bin/env node
import { Command } from "commander";
import { DivergenceError } from "../align/trainer.js";
import { InputError } from "../base/errors.js";
import { alignCommand } from "./align.js";
import { compareCommand } from "./compare.js";
import { generateCommand } from "./generate.js";
import { inspectCommand } from "./inspect.js";
import { judgeCommand } from "./judge.js";
import { kernelCommand } from "./kernel.js";
import { Interrupted } from "./session.js";
import { quickstartCommand } from "./quickstart.js";
import { sftCommand } from "./sft.js";

const program = new Command("sera")
  .description("Preference alignment of language models: SeRA, DPO and their relatives.")
  .addHelpText("after", "\nsera <command> --help lists the options of a command and shows an example.")
  .showHelpAfterError("(--help lists the options)")
  .addCommand(quickstartCommand())
  .addCommand(alignCommand())
  .addCommand(sftCommand())
  .addCommand(compareCommand())
  .addCommand(generateCommand())
  .addCommand(inspectCommand())
  .addCommand(judgeCommand())
  .addCommand(kernelCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const known = error instanceof InputError || error instanceof DivergenceError || (error instanceof Error && "code" in error);
  process.stderr.write(`sera: ${known || !(error instanceof Error) ? String((error as Error).message ?? error) : error.stack}\n`);
  return 1;
}

#!/usr/bin/env node
import { Command } from "commander";
import { createRequire } from "node:module";
import { DivergenceError } from "../align/trainer.js";
import { InputError } from "../base/errors.js";
import { alignCommand } from "./align.js";
import { bridgeCommand } from "./bridge.js";
import { compareCommand } from "./compare.js";
import { generateCommand } from "./generate.js";
import { inspectCommand } from "./inspect.js";
import { judgeCommand } from "./judge.js";
import { kernelCommand } from "./kernel.js";
import { Interrupted } from "./session.js";
import { withOwnErrors } from "./option-errors.js";
import { pushCommand } from "./push.js";
import { quickstartCommand } from "./quickstart.js";
import { resumedCommand } from "./recorded-command.js";
import { sftCommand } from "./sft.js";
import { commandOf, messageAsTyped } from "./spelling.js";

const { version } = createRequire(import.meta.url)("sera-lab/package.json") as { version: string };

let typed: Command | undefined;
try {
  const args = await resumedCommand(process.argv.slice(2));
  const program = programFor(args);
  typed = commandOf(program, args);
  await program.parseAsync(args, { from: "user" });
} catch (error) {
  process.exitCode = exitCodeOf(error, typed);
}

/** @param args the command line, which runs store */
function programFor(args: readonly string[]): Command {
  const program = new Command("sera")
    .description("Preference alignment of language models: SeRA, DPO and their relatives.")
    .version(version)
    .addHelpText("after", "\nsera <command> --help lists the options of a command and shows an example.")
    .addCommand(quickstartCommand())
    .addCommand(alignCommand(args))
    .addCommand(sftCommand(args))
    .addCommand(compareCommand())
    .addCommand(bridgeCommand())
    .addCommand(generateCommand())
    .addCommand(inspectCommand())
    .addCommand(judgeCommand())
    .addCommand(pushCommand())
    .addCommand(kernelCommand());
  return withOwnErrors(program);
}

function exitCodeOf(error: unknown, command: Command | undefined): number {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (!(error instanceof Error)) process.stderr.write(`sera: ${String(error)}\n`);
  else if (error instanceof InputError)
    process.stderr.write(`sera: ${command ? messageAsTyped(error, command) : error.message}\n`);
  else
    process.stderr.write(
      `sera: ${error instanceof DivergenceError || "code" in error ? error.message : error.stack}\n`,
    );
  return 1;
}

#!/usr/bin/env node
import { Command } from "commander";
import { createRequire } from "node:module";
import { DivergenceError } from "../align/divergence.js";
import { InputError } from "../base/errors.js";
import { Interrupted } from "./interrupted.js";
import { withOwnErrors } from "./option-errors.js";
import { resumedCommand } from "./recorded-command.js";
import { commandOf, messageAsTyped } from "./spelling.js";

const { version } = createRequire(import.meta.url)("sera-lab/package.json") as { version: string };

/** The commands by name, in the order of the help; loading all of them would make each slow to start. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<Command>>> = {
  quickstart: async () => (await import("./quickstart.js")).quickstartCommand(),
  align: async (args) => (await import("./align.js")).alignCommand(args),
  sft: async (args) => (await import("./sft.js")).sftCommand(args),
  compare: async () => (await import("./compare.js")).compareCommand(),
  bridge: async () => (await import("./bridge.js")).bridgeCommand(),
  generate: async () => (await import("./generate.js")).generateCommand(),
  inspect: async () => (await import("./inspect.js")).inspectCommand(),
  judge: async () => (await import("./judge.js")).judgeCommand(),
  push: async () => (await import("./push.js")).pushCommand(),
  kernel: async () => (await import("./kernel.js")).kernelCommand(),
};

let typed: Command | undefined;
try {
  const args = await resumedCommand(process.argv.slice(2));
  const program = await programFor(args);
  typed = commandOf(program, args);
  await program.parseAsync(args, { from: "user" });
} catch (error) {
  process.exitCode = exitCodeOf(error, typed);
}

/** Returns the program with the command that the arguments name, or with all of them if their advice or help is needed. */
async function programFor(args: readonly string[]): Promise<Command> {
  const [name = ""] = args;
  if (name === "--version" || name === "-V") return programOf([], args);
  if (Object.hasOwn(commands, name)) {
    const program = await programOf([name], args);
    if (isUnderstood(program, args)) return program;
  }
  return programOf(Object.keys(commands), args);
}

function isUnderstood(program: Command, args: readonly string[]): boolean {
  try {
    commandOf(program, args);
    return true;
  } catch {
    return false;
  }
}

/** @param args the command line, which runs store */
async function programOf(names: readonly string[], args: readonly string[]): Promise<Command> {
  const program = new Command("sera")
    .description("Preference alignment of language models: SeRA, DPO and their relatives.")
    .version(version)
    .addHelpText("after", "\nsera <command> --help lists the options of a command and shows an example.");
  for (const name of names) program.addCommand(await commands[name]!(args));
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

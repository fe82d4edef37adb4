import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import { nearestName } from "../base/nearest.js";
import { insteadOf } from "../run/options/instead.js";

/** Names of run flags in a notebook cell, if they differ. */
const inCells: Readonly<Record<string, string>> = { heldOut: "evalData", validation: "validationData", folder: "out" };

/** Flags of a model server's settings; the last has no flag, and differs from `--server-adapters`. */
const ofServers: Readonly<Record<string, string>> = {
  ...{ address: "server", model: "serverModel", keyVariable: "serverKey", adapters: "serverAdapters" },
  ...{ score: "serverScore", serverAdapters: "" },
};

/**
 * Replaces option names in a message by their flags: `--keep-best-by` for keepBestBy. Recognizes names in backticks, at
 * the beginning, or with a capital letter inside.
 *
 * @param command the command whose options are named
 */
export function asTyped(message: string, command: Command): string {
  const flags = new Map(
    command.options
      .filter(({ negate }) => !negate)
      .map((option) => [option.attributeName(), option.long ?? option.flags]),
  );
  const isServers = message.startsWith("modelServer: ");
  const flag = (name: string) =>
    isServers && Object.hasOwn(ofServers, name)
      ? flags.get(ofServers[name]!)
      : (flags.get(inCells[name] ?? name) ?? flags.get(name));
  return message
    .replace(/^(?:modelServer: )?(\w+): /, (text, name: string) => (flag(name) ? `${flag(name)}: ` : text))
    .replace(/`(\w+)(?:: ([^`]*))?`/g, (text, name: string, value?: string) =>
      flag(name) ? `${flag(name)}${value === undefined ? "" : ` ${value}`}` : text,
    )
    .replace(/(?<!["'.\w/-])[a-z]+[A-Z]\w*/g, (name) => flag(name) ?? name);
}

/**
 * Converts option names in an error's message by {@link asTyped}; if the message is a prefix plus the cause's message,
 * converts only the latter.
 */
export function messageAsTyped({ message, cause }: InputError, command: Command): string {
  if (cause instanceof InputError && message.endsWith(`: ${cause.message}`)) {
    const where = message.slice(0, -cause.message.length);
    if (where !== "modelServer: ") return where + asTyped(cause.message, command);
  }
  return asTyped(message, command);
}

/**
 * Finds the command that the arguments name.
 *
 * @throws InputError if there is no such command, or it does not have a given option; suggests what was probably meant
 */
export function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  let rest = args[0] === "help" ? args.slice(1) : args;
  while (command.commands.length > 0 && rest[0] !== undefined && !rest[0].startsWith("-")) {
    const [name, ...more] = rest;
    const found = command.commands.find((known) => known.name() === name);
    if (!found)
      throw new InputError(`there is no command ${path(command)} ${name}; ${adviceOnCommand(name!, command)}`);
    [command, rest] = [found, more];
  }
  checkOptionNames(command, rest, path(command));
  return command;
}

/**
 * Checks that a command has every given option.
 *
 * @param taker name of the command in messages
 * @throws InputError naming the first unknown option, and what to use instead
 */
export function checkOptionNames(command: Command, args: readonly string[], taker: string): void {
  for (let i = 0; i < args.length && args[i] !== "--"; i++) {
    if (!/^--?[a-z]/i.test(args[i]!)) continue;
    const [flag] = args[i]!.split("=") as [string];
    const option = command.options.find(({ long, short }) => flag === long || flag === short);
    if (option) i += Number(option.required && flag === args[i]);
    else if (!/^(--help|-h)$/.test(flag))
      throw new InputError(`${flag} is not an option of ${taker}; ${adviceOnFlag(flag, command)}`);
  }
}

/** Advice for options of a single run that a comparison does not have. */
const ofComparisons: Readonly<Record<string, string>> = {
  "--resume": "giving the same command again continues a comparison",
  "--redo-from": "to redo a run, remove its folder in --out and give the same command again",
  "--method": "use --run, once for each method",
  "--seed": "use --seeds",
};

function adviceOnFlag(flag: string, command: Command): string {
  if (command.name() === "compare" && Object.hasOwn(ofComparisons, flag)) return ofComparisons[flag]!;
  if (command.name() === "quickstart" && flag === "--resume") return "giving the same command again continues it";
  const name = flag.replace(/^-+/, "").replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const flagOf = new Map(command.options.map((option) => [option.attributeName(), option.long ?? option.flags]));
  const others = insteadOf(name, [...flagOf.keys()]);
  if (others.length > 0) return `use ${others.map((other) => flagOf.get(other)).join(", ")}`;
  const nearest = nearestName(flag, [...flagOf.values()]);
  if (nearest) return `did you mean ${nearest}?`;
  const owners = command.parent?.commands.filter(({ options }) => options.some(({ long }) => long === flag)) ?? [];
  return owners.length > 0 ? `it belongs to ${owners.map(path).join(", ")}` : "--help lists the options";
}

function adviceOnCommand(name: string, { commands }: Command): string {
  const names = commands.map((command) => command.name());
  const nearest = nearestName(name, names);
  return nearest ? `did you mean ${nearest}?` : `the commands are ${names.join(", ")}`;
}

function path(command: Command): string {
  return command.parent ? `${path(command.parent)} ${command.name()}` : command.name();
}

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError, missingError } from "../base/errors.js";
import { readTextIfPresent } from "../base/files.js";
import type { RecordedCommand } from "../run/input.js";
import { runLayout } from "../run/folder/layout.js";

/**
 * Options for the location of a run and how it is opened; all others define the run. The value says whether the option
 * takes an argument.
 */
const ofPlace: Readonly<Record<string, boolean>> = { "--out": true, "--resume": false, "--redo-from": true };

/** The command line as stored in a run's folder. */
export function recordOf(args: readonly string[]): RecordedCommand {
  return { command: withoutPlace(args), directory: process.cwd() };
}

/**
 * Completes a command line that resumes a run: if it names neither model nor data, it continues and extends the command
 * that started the run.
 *
 * @throws InputError if the folder records no command or a different one, or the command was run in another folder
 */
export async function resumedCommand(args: readonly string[]): Promise<readonly string[]> {
  const [verb, ...own] = withoutPlace(args);
  const isResumed = args.some((arg) => arg === "--resume" || /^--redo-from\b/.test(arg));
  const isWhole = own.some((arg) => /^--(?:model|data|help)(?:=|$)/.test(arg));
  if (!(verb === "align" || verb === "sft") || !isResumed || isWhole) return args;
  const at = args.findIndex((arg) => /^--out\b/.test(arg));
  const out = args[at]?.startsWith("--out=") ? args[at].slice("--out=".length) : args[at + 1];
  if (at === -1 || out === undefined) return args;
  const { command, directory } = await recordIn(out);
  if (command[0] !== verb)
    throw new InputError(`${out}: this run was begun by sera ${command[0]}; give that command again, with --resume`);
  if (directory !== process.cwd())
    throw new InputError(
      `${out}: this run was begun in ${directory}, which its paths are relative to; resume it from there`,
    );
  return [...command, ...args.slice(args.indexOf(verb) + 1)];
}

async function recordIn(out: string): Promise<RecordedCommand> {
  if (!(await stat(out).catch(() => undefined))) throw missingError(out, "folder", "there is no run to resume");
  const { path, schema } = runLayout.command;
  const text = await readTextIfPresent(join(out, path));
  const command = schema.safeParse(parsed(text));
  if (command.success) return command.data;
  throw new InputError(
    `${out}: does not record the command that began its run; give all options of that command again, with --resume`,
  );
}

/** @returns undefined if it is not JSON */
function parsed(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutPlace(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [flag] = args[i]!.split("=") as [string];
    if (Object.hasOwn(ofPlace, flag)) i += Number(ofPlace[flag] && flag === args[i]);
    else kept.push(args[i]!);
  }
  return kept;
}

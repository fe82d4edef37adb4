import { InvalidArgumentError, type Command } from "commander";
import { didYouMean } from "../base/nearest.js";

/** Returns the error for an option whose value is not one of the known names. */
export function unknownName(text: string, known: readonly string[], expected = known): InvalidArgumentError {
  return new InvalidArgumentError(`found "${text}", expected one of ${expected.join(", ")}${didYouMean(text, known)}`);
}

/**
 * Makes Commander's errors of a command, and of those in it, read as the program's others do:
 * `sera: --beta: found "x", expected a number above 0`.
 */
export function withOwnErrors(command: Command): Command {
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "sera: ")) });
  for (const option of command.options) {
    const { parseArg: parse } = option;
    if (!parse) continue;
    option.parseArg = (text, before) => {
      try {
        return parse(text, before);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        return command.error(`error: ${option.long}: ${error.message}`);
      }
    };
  }
  command.commands.forEach(withOwnErrors);
  return command;
}

import { Command, CommanderError } from "commander";
import { InputError, quote } from "../base/errors.js";
import type { Recipe } from "../methods/recipe.js";
import { checkNames } from "../run/options/index.js";
import { named, namedRecipes } from "./methods.js";
import { asTyped, checkOptionNames } from "./spelling.js";
import { withOwnErrors } from "./option-errors.js";
import { givenOptions, methodOptions, onCommandLine, type AnyForm } from "./options.js";

/** A method of a comparison. */
export interface ComparedMethod {
  readonly name: string;
  readonly recipe: Recipe;
}

/** The options of all recipes except the seed, which a comparison sets for each run. */
export const comparedForms: readonly AnyForm[] = Object.values(namedRecipes).map(({ form }) => withoutSeed(form));

/**
 * Parses the value of `--run`: `NAME=method --flag value …`; without a name, the method's name is used.
 *
 * @throws InputError if the method does not exist or does not take a flag
 */
export function parseMethodLine(text: string): ComparedMethod {
  const [head = "", ...flags] = text.trim().split(/\s+(?=--)/);
  const [, label, method] = /^(?:(.*)=)?\s*([^=]*)$/.exec(head)!;
  const name = label?.trim() || method!;
  const where = `--run ${quote(text)}`;
  const { form, of } = named(namedRecipes, method!, where);
  const given = parseFlags(
    flags.flatMap((flag) => flag.split(/\s+/)),
    where,
  );
  try {
    checkNames(withoutSeed(form), Object.keys(given), [], onCommandLine);
    const recipe = of(given);
    // Build the method once now, so that invalid options are reported with their line.
    recipe();
    return { name, recipe };
  } catch (error) {
    throw error instanceof InputError
      ? new InputError(`${where}: ${asTyped(error.message, lineCommand())}`, { cause: error })
      : error;
  }
}

function parseFlags(flags: readonly string[], where: string): object {
  const command = lineCommand();
  try {
    checkOptionNames(command, flags, "any method");
    return givenOptions(command.parse(flags, { from: "user" }).opts());
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${where}: ${error.message}`, { cause: error });
    if (!(error instanceof CommanderError)) throw error;
    throw new InputError(`${where}: ${error.message.replace(/^error: /, "").replace("\n", " ")}`, { cause: error });
  }
}

function lineCommand(): Command {
  return withOwnErrors(methodOptions(new Command("run"), ...comparedForms))
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr() {} });
}

function withoutSeed({ name, table }: AnyForm): AnyForm {
  return { name, table: Object.fromEntries(Object.entries(table).filter(([option]) => option !== "seed")) };
}

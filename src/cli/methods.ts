import { Option, type Command } from "commander";
import { InputError, quote } from "../base/errors.js";
import * as methods from "../methods/index.js";
import type { Method } from "../run/method.js";
import { checkNames, recipeForms, seraForm } from "../run/options/index.js";
import { seraMethod } from "../sera.js";
import { givenOptions, methodOptions } from "./options.js";

/** The methods by the names that `--method` has for them. `sera` says iterations and epochs, the others rounds. */
const recipes = {
  direct: "direct",
  sft: "sft",
  "iterative-dpo": "iterativeDpo",
  dice: "dice",
  spin: "spin",
  "curry-dpo": "curryDpo",
} as const satisfies Record<string, keyof typeof recipeForms & keyof typeof methods>;

const names = ["sera", ...Object.keys(recipes)];

/** `--method`, and the options of all methods; one that the method does not take is refused when it is given. */
export function methodFlags(command: Command): Command {
  const method = new Option("--method <name>", `what trains the policy; sera takes --iterations and --epochs, the others --rounds: ${names.join(", ")}`);
  return methodOptions(command.addOption(method.choices(names).default("sera")), seraForm, ...Object.values(recipeForms));
}

/** The method of a command's flags, with those of its options that were given. */
export function methodFromFlags(parsed: { readonly method?: string }): Method {
  return namedMethod(parsed.method ?? "sera", givenOptions(parsed));
}

/**
 * A method by its name on the command line.
 *
 * @throws InputError where there is none, or an option is not the method's or outside its range
 */
export function namedMethod(name: string, options: Readonly<Record<string, unknown>>): Method {
  if (name === "sera") return seraMethod(options);
  return namedRecipe(name)(options)();
}

function namedRecipe(name: string): (own: Readonly<Record<string, unknown>>) => methods.Recipe {
  const found = Object.entries(recipes).find(([known]) => known === name)?.[1];
  if (!found) throw new InputError(`method: found ${quote(name)}, expected one of ${names.join(", ")}`);
  return (own) => {
    checkNames(recipeForms[found], Object.keys(own));
    return methods[found](own);
  };
}

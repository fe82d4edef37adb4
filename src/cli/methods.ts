import type { Command } from "commander";
import { InputError, quote } from "../base/errors.js";
import { directMethod } from "../methods/direct.js";
import * as recipes from "../methods/index.js";
import type { Method } from "../run/method.js";
import { alignForm, checkNames, recipeForms, seraForm } from "../run/options/index.js";
import { seraMethod } from "../sera.js";
import { flagOf, givenOptions, methodOptions, type AnyForm } from "./options.js";

/** A method that a command line can name. */
interface NamedMethod {
  readonly form: AnyForm;
  /** @throws InputError where an option is outside its range, or lacks another */
  of(given: object): Method;
}

/** The methods by the names that a command line has for them. `direct` and `sera` say their epochs and iterations, the others rounds. */
export const namedMethods: Readonly<Record<string, NamedMethod>> = {
  sera: { form: seraForm, of: seraMethod },
  direct: { form: { ...alignForm, name: "direct" }, of: directMethod },
  sft: { form: recipeForms.sft, of: (given) => recipes.sft(given)() },
  "iterative-dpo": { form: { ...recipeForms.iterativeDpo, name: "iterative-dpo" }, of: (given) => recipes.iterativeDpo(given)() },
  dice: { form: recipeForms.dice, of: (given) => recipes.dice(given)() },
  spin: { form: recipeForms.spin, of: (given) => recipes.spin(given)() },
  "curry-dpo": { form: { ...recipeForms.curryDpo, name: "curry-dpo" }, of: (given) => recipes.curryDpo(given)() },
};

/** Flags for the options of all methods; which method takes which is checked by {@link methodFromFlags}. */
export function allMethodOptions(command: Command): Command {
  return methodOptions(command, ...Object.values(namedMethods).map(({ form }) => form));
}

/**
 * The method of a command line.
 *
 * @param parsed all options of the command; those of no method are left to others
 * @throws InputError where there is no such method, or it does not take a flag that was given
 */
export function methodFromFlags(name: string, parsed: object): Method {
  if (!Object.hasOwn(namedMethods, name)) throw new InputError(`--method: found ${quote(name)}, expected one of ${Object.keys(namedMethods).join(", ")}`);
  const { form, of } = namedMethods[name]!;
  const given = givenOptions(parsed);
  checkNames(form, Object.keys(given), [], flagOf);
  return of(given);
}

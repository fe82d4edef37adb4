import type { Command } from "commander";
import { losses } from "../align/losses/index.js";
import { InputError, quote } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import { directMethod } from "../methods/direct.js";
import * as recipes from "../methods/index.js";
import type { Recipe } from "../methods/recipe.js";
import type { Method } from "../run/method.js";
import { alignForm, checkNames, recipeForms, seraForm } from "../run/options/index.js";
import { seraMethod } from "../sera.js";
import { givenOptions, methodOptions, onCommandLine, type AnyForm } from "./options.js";

/** A method that a command line can name. */
interface NamedMethod {
  readonly form: AnyForm;
  /** @throws InputError if an option is out of range, or requires another that is missing */
  of(given: object): Method;
}

/** A method without the options that it shares with others, as used by `compare`. */
interface NamedRecipe {
  readonly form: AnyForm;
  of(given: object): Recipe;
}

/** The recipes by their command-line names; their training length is in rounds. */
export const namedRecipes: Readonly<Record<string, NamedRecipe>> = {
  sera: { form: recipeForms.sera, of: recipes.sera },
  direct: { form: recipeForms.direct, of: recipes.direct },
  sft: { form: recipeForms.sft, of: recipes.sft },
  "iterative-dpo": { form: { ...recipeForms.iterativeDpo, name: "iterative-dpo" }, of: recipes.iterativeDpo },
  dice: { form: recipeForms.dice, of: recipes.dice },
  spin: { form: recipeForms.spin, of: recipes.spin },
  "reward-augmented": {
    form: { ...recipeForms.rewardAugmented, name: "reward-augmented" },
    of: recipes.rewardAugmented,
  },
  bmc: { form: recipeForms.bmc, of: recipes.bmc },
  irepo: { form: recipeForms.irepo, of: recipes.irepo },
  aihf: { form: recipeForms.aihf, of: recipes.aihf },
  spo: { form: recipeForms.spo, of: recipes.spo },
  sapo: { form: recipeForms.sapo, of: recipes.sapo },
  "proxy-reward": { form: { ...recipeForms.proxyReward, name: "proxy-reward" }, of: recipes.proxyReward },
  "curry-dpo": { form: { ...recipeForms.curryDpo, name: "curry-dpo" }, of: recipes.curryDpo },
  spa: { form: recipeForms.spa, of: recipes.spa },
};

const methodOf = ({ form, of }: NamedRecipe): NamedMethod => ({ form, of: (given) => of(given)() });

/** The methods by the same names. `direct` and `sera` take epochs and iterations, the others rounds. */
export const namedMethods: Readonly<Record<string, NamedMethod>> = {
  ...Object.fromEntries(Object.entries(namedRecipes).map(([name, recipe]) => [name, methodOf(recipe)])),
  sera: { form: seraForm, of: seraMethod },
  direct: { form: { ...alignForm, name: "direct" }, of: directMethod },
};

/** Adds flags for the options of all methods; {@link methodFromFlags} checks which method takes which. */
export function allMethodOptions(command: Command): Command {
  return methodOptions(command, ...Object.values(namedMethods).map(({ form }) => form));
}

/**
 * Creates the method of a command line.
 *
 * @param parsed all options of the command; those that belong to no method are ignored
 * @throws InputError if the method does not exist or does not take a given flag
 */
export function methodFromFlags(name: string, parsed: object): Method {
  const { form, of } = named(namedMethods, name, "--method");
  const given = givenOptions(parsed);
  checkNames(form, Object.keys(given), [], onCommandLine);
  return of(given);
}

/** @throws InputError if there is no method of this name */
export function named<T>(methods: Readonly<Record<string, T>>, name: string, flag: string): T {
  if (Object.hasOwn(methods, name)) return methods[name]!;
  const asLoss = Object.hasOwn(losses, name) ? `; for the loss alone, use direct with --loss ${name}` : "";
  throw new InputError(
    `${flag}: found ${quote(name)}, expected one of ${Object.keys(methods).join(", ")}${asLoss || didYouMean(name, Object.keys(methods))}`,
  );
}

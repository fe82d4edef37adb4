import { flatTrainingNames } from "../align/flat-training.js";
import { optionalLossSettings } from "../align/losses/settings.js";
import { requireKnown, requireOption } from "../base/require-option.js";
import type { Method } from "../run/method.js";
import { checkMethodOptions, defaultFlatMethod, methodOptions, type FlatMethodOptions, type MethodOptions } from "../run/options.js";

/** How a method's cost in pairs is spread over trainings. */
type Course = Pick<FlatMethodOptions, "iterations" | "epochs" | "reference">;

/** What any method can be told. */
export interface RecipeOptions extends Omit<FlatMethodOptions, keyof Course> {
  /**
   * How often the policy is trained on as many pairs as the data has, so that methods with the same rounds cost the
   * same in pairs: epochs of a method that trains once, iterations of one that trains again and again. Default 3.
   */
  readonly rounds: number;
}

/** A method with its own options, waiting for those that it shares with others; its own have the last word. */
export type Recipe = (shared?: Partial<RecipeOptions>) => Method;

const { iterations: _, epochs: __, reference: ___, ...flat } = defaultFlatMethod;
const defaultRecipe: RecipeOptions = { ...flat, rounds: 3 };

/** Options that have no default. */
const optional = ["perPrompt", ...flatTrainingNames, ...optionalLossSettings];

/**
 * The options of a recipe put together: defaults, then what methods share, then the method's own.
 *
 * @throws InputError naming an option that there is not
 */
export function settle<Extra extends object>(extra: Extra, shared: object, own: object): RecipeOptions & Extra {
  const defaults = { ...defaultRecipe, ...extra };
  requireKnown({ ...own, ...shared }, [...Object.keys(defaults), ...optional]);
  const settled = { ...defaults, ...shared, ...own };
  requireOption(Number.isInteger(settled.rounds) && settled.rounds >= 1, "rounds", settled.rounds, "a whole number from 1");
  return settled;
}

/** The options of a run whose rounds are spread in that way. */
export function optionsOf({ rounds: _, ...options }: RecipeOptions, course: Course): MethodOptions {
  const all = methodOptions({ ...options, ...course });
  checkMethodOptions(all);
  return all;
}

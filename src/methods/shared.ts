import { checkNames, type RecipeOptions } from "../run/options/index.js";
import type { Recipe } from "./recipe.js";

/** Those of the options that methods share which this one takes: SFT, for one, has no β. */
export function takenBy(recipe: Recipe, shared: Partial<RecipeOptions>): Partial<RecipeOptions> {
  return Object.fromEntries(Object.entries(shared).filter(([name]) => recipe.takes.includes(name)));
}

/**
 * Checks that each of the options that methods share is taken by one of them at least.
 *
 * @param taker what messages call what the options were given to
 * @param written how an option is written in messages: as in a cell by default
 * @throws InputError naming the first that none takes
 */
export function checkShared(taker: string, recipes: readonly Recipe[], shared: object, written?: (name: string) => string): void {
  const table = Object.fromEntries(recipes.flatMap(({ takes }) => takes.map((name) => [name, true])));
  checkNames({ name: taker, table }, Object.keys(shared), [], written);
}

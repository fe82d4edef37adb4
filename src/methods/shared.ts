import { checkNames, type RecipeOptions, type Spelling } from "../run/options/index.js";
import type { Recipe } from "./recipe.js";

/** Those of the options that methods share which this one takes: SFT, for one, has no β. */
export function takenBy(recipe: Recipe, shared: Partial<RecipeOptions>): Partial<RecipeOptions> {
  return Object.fromEntries(Object.entries(shared).filter(([name]) => recipe.takes.includes(name)));
}

/**
 * Checks that each of the options that methods share is taken by one of them at least.
 *
 * @param taker what messages call what the options were given to
 * @param spelling how messages write names: as in a cell by default
 * @throws InputError naming the first that none takes
 */
export function checkShared(taker: string, recipes: readonly Recipe[], shared: object, spelling?: Spelling): void {
  const table = Object.fromEntries(recipes.flatMap(({ takes }) => takes.map((name) => [name, true])));
  checkNames({ name: taker, table }, Object.keys(shared), [], spelling);
}

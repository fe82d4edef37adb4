import { checkNames, type RecipeOptions, type Spelling } from "../run/options/index.js";
import type { Recipe } from "./recipe.js";

/** Returns the shared options that a method accepts: SFT, for example, has no β. */
export function takenBy(recipe: Recipe, shared: Partial<RecipeOptions>): Partial<RecipeOptions> {
  return Object.fromEntries(Object.entries(shared).filter(([name]) => recipe.takes.includes(name)));
}

/**
 * Checks that each shared option is accepted by at least one method.
 *
 * @param taker name, in messages, of the function that the options were given to
 * @param spelling how messages spell names; as in a cell by default
 * @throws InputError naming the first option that no method accepts
 */
export function checkShared(taker: string, recipes: readonly Recipe[], shared: object, spelling?: Spelling): void {
  const table = Object.fromEntries(recipes.flatMap(({ takes }) => takes.map((name) => [name, true])));
  checkNames({ name: taker, table }, Object.keys(shared), [], spelling);
}

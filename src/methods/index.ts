export { curryDpo } from "./curry-dpo.js";
export { direct, sft } from "./direct.js";
export type { Recipe, RecipeOptions } from "./recipe.js";
export { dice, iterativeDpo, sera, type SelfImprovingOptions, type SelfImprovingRecipe } from "./self-improving.js";
export { spin } from "./spin.js";

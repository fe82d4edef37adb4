import assert from "node:assert/strict";
import { it } from "node:test";
import { losses } from "../../src/align/losses/index.js";
import * as methods from "../../src/methods/index.js";
import type { Recipe } from "../../src/methods/recipe.js";
import { papersOf } from "../../src/methods/papers.js";
import { recipeForms } from "../../src/run/options/index.js";

it("papersOf returns a paper for every method and every loss except cdpo and nll", () => {
  const names = Object.keys(recipeForms).map((name) => {
    const recipe = methods[name as keyof typeof recipeForms] as (own?: object) => Recipe;
    return recipe()().name;
  });
  assert.ok(names.includes("sapo") && names.includes("proxy reward"), names.join());
  const without = [...new Set([...names, ...Object.keys(losses)])].filter((name) => papersOf(name).length === 0);
  // A note without an arXiv number, and maximum likelihood.
  assert.deepEqual(without.sort(), ["cdpo", "nll"]);
  assert.deepEqual(papersOf("sera", "dpo", "sera"), ["2410.09362", "2305.18290"]);
});

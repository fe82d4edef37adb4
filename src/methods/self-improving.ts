import type { InputSizes, PlannedTraining } from "../run/planned-steps.js";
import {
  recipeForms,
  type RecipeOptions,
  type SelfImprovingOptions,
  type IterativeDpoOptions,
  type SeraOptions,
} from "../run/options/index.js";
import { checkUsable, selfImprove, trainedPairs } from "../sera.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** Converts a recipe's options to those of the loop: `rounds` iterations of one epoch. */
function looped<Options extends RecipeOptions>({ rounds, ...options }: Options) {
  return { ...options, iterations: rounds, epochs: 1 };
}

/** Plans the trainings: the first iteration uses all pairs, later ones the kept and the bootstrapped pairs. */
function trainings({ iterations, epochs, select, bootstrap }: SeraOptions, { pairs }: InputSizes): PlannedTraining[] {
  const later = Math.round(select * pairs) + Math.round(bootstrap * pairs);
  return Array.from({ length: iterations }, (_, i) => ({ examples: i === 0 ? pairs : later, epochs }));
}

/**
 * SeRA: after a first round on all pairs, trains on the pairs with the largest implicit reward margins and on the
 * policy's own pairs, labelled by its implicit reward (arXiv 2410.09362).
 */
export const sera: (own?: Partial<SelfImprovingOptions>) => Recipe = recipeOf({
  form: recipeForms.sera,
  name: "sera",
  version: "1",
  complete: (options: SelfImprovingOptions): SeraOptions => looped(options),
  trainings,
  trainsOn: trainedPairs,
  check: checkUsable,
  run: selfImprove,
});

/**
 * DICE: after a first round on all pairs, every round trains half on the policy's own pairs and half on pairs of the
 * data drawn at random from the other prompts (Chen et al. 2024, arXiv 2406.09760). The own pairs are labelled by the
 * implicit reward against the reference that the policy was trained with, minus a length penalty that equalizes the
 * mean lengths of chosen and rejected responses. Truncated responses are left out.
 */
export const dice: (own?: Partial<SelfImprovingOptions>) => Recipe = recipeOf({
  form: recipeForms.dice,
  name: "dice",
  version: "2",
  complete: (options: SelfImprovingOptions): SeraOptions => looped(options),
  trainings,
  trainsOn: trainedPairs,
  check: checkUsable,
  run: selfImprove,
});

/**
 * Iterative DPO, self-rewarding by a judge: after a first round on all pairs, every round trains on the policy's own
 * responses, the best of R against the worst according to the run's judge (Xu et al. 2023, arXiv 2312.16682; Yuan et
 * al. 2024, arXiv 2401.10020).
 */
export const iterativeDpo: (own?: Partial<IterativeDpoOptions>) => Recipe = recipeOf({
  form: recipeForms.iterativeDpo,
  name: "iterative dpo",
  version: "1",
  complete: (options: IterativeDpoOptions): SeraOptions => ({
    ...looped(options),
    select: 0,
    selectBy: "top",
    gamma: 0,
    rewardAgainst: "start",
  }),
  trainings,
  trainsOn: trainedPairs,
  check: checkUsable,
  run: selfImprove,
});

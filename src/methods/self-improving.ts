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

/** A recipe's options as those of the loop: `rounds` iterations of one epoch. */
function looped<Options extends RecipeOptions>({ rounds, ...options }: Options) {
  return { ...options, iterations: rounds, epochs: 1 };
}

/** The first iteration is on all pairs, the others on those that are kept and those that are made. */
function trainings({ iterations, epochs, select, bootstrap }: SeraOptions, { pairs }: InputSizes): PlannedTraining[] {
  const later = Math.round(select * pairs) + Math.round(bootstrap * pairs);
  return Array.from({ length: iterations }, (_, i) => ({ examples: i === 0 ? pairs : later, epochs }));
}

/**
 * SeRA: the pairs with the largest implicit reward margins, and pairs of the policy's own that its implicit reward
 * labels (arXiv 2410.09362).
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
 * DICE: after a first round on all pairs, every round is trained on pairs of the policy's own that its implicit reward,
 * against the reference that it was trained against, labels, less a penalty for length that makes chosen and rejected equally
 * long, half and half with pairs of the data drawn at random from the other prompts (Chen et al. 2024, arXiv 2406.09760).
 * Responses that the length limit cut off are left out.
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
 * Iterative DPO, self-rewarding by a judge: after a first round on all pairs, every round is trained on the policy's
 * own responses, the best of R against the worst by the judge that the run is given (Xu et al. 2023, arXiv 2312.16682;
 * Yuan et al. 2024, arXiv 2401.10020).
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

import type { Reference } from "../run/options.js";
import { seraMethod } from "../sera.js";
import { defaultLoop, seraOptions, type LoopOptions } from "../sera-options.js";
import { settle, type Recipe, type RecipeOptions } from "./recipe.js";

/** How the loop selects pairs and makes new ones, and what it is held to. */
interface SelfImproving extends LoopOptions {
  readonly reference: Reference;
}

/** What {@link sera} and its relatives can be told. */
export interface SelfImprovingOptions extends Partial<RecipeOptions>, Partial<LoopOptions> {
  readonly reference?: Reference;
}

/** A method of SeRA's loop, waiting for its options. */
export type SelfImprovingRecipe = (own?: SelfImprovingOptions) => Recipe;

/** A recipe over SeRA's loop, `rounds` iterations of one epoch: all pairs first, then what review and bootstrapping give. */
const selfImproving =
  (name: string, loop: Partial<SelfImproving>): SelfImprovingRecipe =>
  (own = {}) =>
  (shared = {}) => {
    const defaults: SelfImproving = { ...defaultLoop, reference: "start", ...loop };
    const { rounds, ...settled } = settle(defaults, shared, own);
    return { ...seraMethod(seraOptions({ ...settled, iterations: rounds, epochs: 1 })), name };
  };

/**
 * SeRA: the pairs with the largest implicit reward margins, and pairs of the policy's own that its implicit reward
 * labels (arXiv 2410.09362).
 */
export const sera = selfImproving("sera", {});

/**
 * Iterative DPO, self-rewarding by a judge: after a first round on all pairs, every round is trained on the policy's
 * own responses, the best of R against the worst by the judge that the run is given (Xu et al. 2023, arXiv 2312.16682;
 * Yuan et al. 2024, arXiv 2401.10020).
 */
export const iterativeDpo = selfImproving("iterative dpo", {
  ...{ select: 0, bootstrap: 1, labelBy: "judge", gamma: 0, reference: "previous" },
});

/**
 * DICE: after a first round on all pairs, every round is trained on pairs of the policy's own that its implicit reward
 * labels, less a penalty for length that makes chosen and rejected equally long, half and half with pairs of the data
 * drawn at random (Chen et al. 2024, arXiv 2406.09760).
 */
export const dice = selfImproving("dice", {
  ...{ select: 0.5, selectBy: "random", bootstrap: 0.5, gamma: 0, lengthPenalty: "auto", reference: "previous" },
});

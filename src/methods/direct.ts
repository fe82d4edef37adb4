import { defaultsOf } from "../base/option.js";
import type { Method, TrainedPairs } from "../run/method.js";
import {
  alignForm,
  directName,
  methodForm,
  recipeForms,
  type AlignOptions,
  type DirectOptions,
  type MethodOptions,
  type SftMethodOptions,
} from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { methodOf, recipeOf, type MethodParts, type Recipe } from "./recipe.js";

/** A direct alignment algorithm alone, on all pairs. */
const parts = {
  name: (options: MethodOptions) => directName(options),
  version: "1",
  trainsOn: (): TrainedPairs => ["data"],
  async run(stages: Stages) {
    const pairs = await stages.offlinePairs();
    await stages.align(1, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
  },
};

const once = { iterations: 1, reference: "start" } as const;

const directParts: MethodParts<DirectOptions, MethodOptions> = {
  ...parts,
  form: recipeForms.direct,
  complete: ({ rounds, ...options }) => ({ ...options, ...once, epochs: rounds }),
};

const sftParts: MethodParts<SftMethodOptions, MethodOptions> = {
  ...parts,
  form: recipeForms.sft,
  complete: ({ rounds, ...options }) => ({
    ...defaultsOf(methodForm.table),
    ...options,
    ...once,
    epochs: rounds,
    loss: "nll",
  }),
};

/**
 * A direct alignment algorithm alone: `rounds` epochs of one loss on all pairs, with the start as the reference. The
 * loss determines the algorithm: "dpo", "ipo", "orpo", "simpo" …
 */
export const direct: (own?: Partial<DirectOptions>) => Recipe = recipeOf(directParts);

/**
 * Supervised fine-tuning on the chosen responses: {@link direct} with their negative log-likelihood. Rejected ones are
 * not used.
 */
export const sft: (own?: Partial<SftMethodOptions>) => Recipe = recipeOf(sftParts);

/**
 * {@link direct} with `epochs` in place of `rounds`, as in the cell function `align`.
 *
 * @throws InputError if an option is unknown, outside its range or belongs to another method
 */
export function directMethod(options: Partial<AlignOptions> = {}): Method {
  return methodOf(
    { ...parts, form: alignForm, complete: (own: AlignOptions): MethodOptions => ({ ...own, ...once }) },
    options,
  );
}

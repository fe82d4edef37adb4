import { lossNamed } from "../align/losses/index.js";
import { optionsOf, settle, type Recipe, type RecipeOptions } from "./recipe.js";

/**
 * A direct alignment algorithm by itself: `rounds` epochs of one loss on all pairs, against the model that it begins
 * from. The loss decides which it is: "dpo", "ipo", "orpo", "simpo" …
 */
export const direct =
  (own: Partial<RecipeOptions> = {}): Recipe =>
  (shared = {}) => {
    const settled = settle({}, shared, own);
    const options = optionsOf(settled, { iterations: 1, epochs: settled.rounds, reference: "start" });
    return {
      name: lossNamed(options.loss, options).name,
      options,
      async run(stages) {
        const pairs = await stages.offlinePairs();
        await stages.align(1, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
      },
    };
  };

/** Supervised fine-tuning on the chosen responses: {@link direct} by their negative log-likelihood. Rejected ones are not used. */
export const sft = (own: Omit<Partial<RecipeOptions>, "loss"> = {}): Recipe => direct({ ...own, loss: "nll" });

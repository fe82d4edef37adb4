import { InputError } from "../base/errors.js";
import { isEmptyResponse, type Sample } from "../bootstrap/index.js";
import type { BootstrappedPair, OfflinePair } from "../run/input.js";
import type { Stages } from "../run/stages.js";
import { recipeForms, type MethodOptions, type RecipeOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/**
 * SPIN, self-play fine-tuning: the chosen response of the data against one that the policy itself writes, the reference
 * being the model that the iteration begins from; from the second iteration on the previous one's pairs are trained on
 * again (Chen et al. 2024, arXiv 2401.01335, algorithm 1). Rejected responses of the data are not used.
 *
 * The first iteration costs one round and each further one two, so `rounds` must be odd.
 *
 * @throws InputError where it is even
 */
export const spin: (own?: Partial<RecipeOptions>) => Recipe = recipeOf({
  form: recipeForms.spin,
  name: "spin",
  version: "1",
  complete({ rounds, ...options }: RecipeOptions): MethodOptions {
    if (rounds % 2 === 0) throw new InputError(`spin: found ${rounds} rounds, expected an odd number: one, and two for each further iteration`);
    return { ...options, iterations: (rounds + 1) / 2, epochs: 1, reference: "previous" };
  },
  async run(stages, { iterations }) {
    const offline = await stages.offlinePairs();
    let previous: readonly BootstrappedPair[] = [];
    for (let t = 1; t <= iterations; t++) {
      const samples = await stages.samples(t, 1, async (drawn) => drawn);
      const made = againstData(stages, offline, samples);
      await stages.saveBootstrapped(t, made);
      const pairs = [...made, ...previous];
      await stages.align(t, pairs, { pairsSelected: 0, pairsBootstrapped: pairs.length, bootstrap: null });
      previous = made;
    }
  },
});

/** The data's chosen responses against samples, where they differ. */
function againstData(stages: Stages, offline: readonly OfflinePair[], samples: readonly Sample[]): BootstrappedPair[] {
  const sampleOf = new Map(samples.map(({ id, tokens }) => [id, tokens]));
  return offline.flatMap(({ id, promptId, prompt, chosen }) => {
    const tokens = sampleOf.get(promptId)!;
    const isPair = !isEmptyResponse(tokens, stages.stopIds) && tokens.join() !== chosen.join();
    return isPair ? { prompt, chosen, rejected: Int32Array.from(tokens), row: { id } } : [];
  });
}

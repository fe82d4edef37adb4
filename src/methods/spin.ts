import { InputError } from "../base/errors.js";
import { isEmptyResponse, type Sample } from "../bootstrap/index.js";
import { promptIds } from "../data/prompt-ids.js";
import type { BootstrappedPair } from "../run/input.js";
import type { Stages } from "../run/stages.js";
import { recipeForms, type MethodOptions, type SpinOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/**
 * SPIN, self-play fine-tuning: pairs the chosen response of the data with one sampled from the policy, with the model
 * that the iteration begins from as the reference; from the second iteration on, it also trains on the previous
 * iteration's pairs (Chen et al. 2024, arXiv 2401.01335, algorithm 1). Rejected responses of the data are not used. The
 * authors' code samples at temperature 1, trains 3 to 6 epochs per iteration, and uses a fifth of the learning rate
 * from the third iteration on.
 *
 * The first iteration costs as many rounds as it has epochs, and each further one twice as many: `rounds` must be
 * `iterationEpochs` times an odd number.
 *
 * @throws InputError if it is not
 */
export const spin: (own?: Partial<SpinOptions>) => Recipe = recipeOf<SpinOptions, CompleteOptions>({
  form: recipeForms.spin,
  name: "spin",
  version: "2",
  complete({ rounds, ...options }: SpinOptions): CompleteOptions {
    const { iterationEpochs: epochs } = options;
    const times = epochs === 1 ? "an odd number" : `${epochs} (iterationEpochs) times an odd number`;
    if ((rounds / epochs) % 2 !== 1)
      throw new InputError(`spin: found ${rounds} rounds, expected ${times}: one, and two for each further iteration`);
    return { ...options, iterations: (rounds / epochs + 1) / 2, epochs, reference: "previous" };
  },
  trainings: ({ iterations, epochs }, { pairs }) =>
    Array.from({ length: iterations }, (_, i) => ({ examples: i === 0 ? pairs : 2 * pairs, epochs })),
  trainsOn: () => ["made"],
  async run(stages, { iterations, sampleTemperature, learningRate, laterLearningRate = learningRate }) {
    let previous: readonly BootstrappedPair[] = [];
    for (let t = 1; t <= iterations; t++) {
      const samples = await stages.samples(t, 1, sampleTemperature);
      const made = againstData(stages, samples);
      await stages.saveBootstrapped(t, made);
      const pairs = [...made, ...previous];
      const own = { learningRate: t < 3 ? learningRate : laterLearningRate };
      await stages.align(t, pairs, { pairsSelected: 0, pairsBootstrapped: pairs.length, bootstrap: null }, own);
      previous = made;
    }
  },
});

type CompleteOptions = Omit<SpinOptions, "rounds"> & MethodOptions;

/** Pairs the data's chosen responses with samples, if they differ. */
function againstData(stages: Stages, samples: readonly Sample[]): BootstrappedPair[] {
  const ids = promptIds(stages.pairs);
  const sampleOf = new Map(samples.map(({ id, tokens }) => [id, tokens]));
  return stages.pairs.flatMap(({ id, prompt, chosen }, i) => {
    const tokens = sampleOf.get(ids[i]!)!;
    const isPair = !isEmptyResponse(tokens, stages.stopIds) && tokens.join() !== chosen.join();
    return isPair ? { prompt, chosen, rejected: Int32Array.from(tokens), row: { id } } : [];
  });
}

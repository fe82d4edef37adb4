import { groupBy } from "../base/collections.js";
import { InputError } from "../base/errors.js";
import {
  isEmptyResponse,
  rankedDistinct,
  type LabelledSample,
  type Sample,
  type SamplePair,
} from "../bootstrap/index.js";
import { requireJudge, type OfflinePair } from "../run/input.js";
import { bootstrappedPair } from "../sera.js";
import { recipeForms, type MethodOptions, type RecipeOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** Stages, from easy to hard. */
const stageCount = 3;

/**
 * Curry-DPO: of four ranked responses R1 … R4 to a prompt, the best is trained against the others from easy to hard,
 * (R1, R4), (R1, R3), (R1, R2), each stage with the policy that it begins from as the reference (Pattnaik et al. 2024,
 * arXiv 2403.07230). The responses are the two of the data's pair and two sampled from the start; a judge ranks them.
 *
 * Each epoch of a stage costs one round, so `rounds` must be a multiple of 3.
 *
 * @throws InputError if it is not
 */
export const curryDpo: (own?: Partial<RecipeOptions>) => Recipe = recipeOf({
  form: recipeForms.curryDpo,
  name: "curry dpo",
  version: "1",
  labelsWithJudge: true,
  complete({ rounds, ...options }: RecipeOptions): MethodOptions {
    if (rounds % stageCount !== 0)
      throw new InputError(`curry dpo: found ${rounds} rounds, expected a multiple of its ${stageCount} stages`);
    return { ...options, iterations: stageCount, epochs: rounds / stageCount, reference: "previous" };
  },
  trainsOn: () => ["made"],
  check: requireJudge,
  async run(stages) {
    const offline = await stages.offlinePairs();
    const samples = await stages.labelledSamples(1, 2, (drawn) =>
      stages.labelByJudge(1, [...asSamples(offline), ...drawn]),
    );
    const written = samples.filter(({ tokens }) => !isEmptyResponse(tokens, stages.stopIds));
    const ranked = [...groupBy(written, ({ id }) => id)].map(([id, all]) => ({ id, responses: rankedDistinct(all) }));
    for (let t = 1; t <= stageCount; t++) {
      const pairs = ranked
        .flatMap(({ id, responses }) => stagePair(id, responses, t))
        .map((pair) => bootstrappedPair(stages, pair));
      await stages.saveBootstrapped(t, pairs);
      await stages.align(t, pairs, { pairsSelected: 0, pairsBootstrapped: pairs.length, bootstrap: null });
    }
  },
});

/** Returns the data's responses as samples, once per prompt. */
function asSamples(offline: readonly OfflinePair[]): Sample[] {
  return offline
    .filter(({ id, promptId }) => id === promptId)
    .flatMap(({ id, chosen, rejected }) =>
      [chosen, rejected].map((tokens, i) => ({ id, number: i - 2, tokens: [...tokens], complete: true })),
    );
}

/**
 * Pairs the best response with the worst in stage 1 and with the next better ones in later stages; no pair if they are
 * equally good.
 */
function stagePair(id: string, responses: readonly LabelledSample[], stage: number): SamplePair[] {
  const [chosen] = responses;
  const rejected = responses[Math.max(1, responses.length - stage)];
  if (!chosen || !rejected || chosen.reward <= rejected.reward) return [];
  return [{ id, chosen, rejected, margin: chosen.reward - rejected.reward }];
}

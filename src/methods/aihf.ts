import { defaultsOf } from "../base/option.js";
import { InputError } from "../base/errors.js";
import { isEmptyResponse } from "../bootstrap/index.js";
import type { TokenizedDemonstration } from "../data/tokenize.js";
import { requireDemonstrations, type BootstrappedPair, type TrainingPair } from "../run/input.js";
import {
  methodForm,
  recipeForms,
  type AihfOptions,
  type ColumnRule,
  type MethodOptions,
} from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<AihfOptions, "rounds">;

/** Marks every pair that is not a demonstration as such, including validation pairs. */
const told: ColumnRule = {
  ...{ name: "aihf", version: "1" },
  of: ({ columns }) => ({ columns: { demonstration: columns?.demonstration ?? 0 } }),
};

/**
 * AIHF: learns from preferences and demonstrations together, w₂ · mean over the pairs of DPO's loss + w₁ · mean over
 * the demonstrations' tokens of −log π (Li et al. 2024, arXiv 2406.06874, in the direct form; the paper's own problem
 * is a bilevel one over reward and policy). The run trains on the demonstrations along with the pairs, without
 * fine-tuning the start on them.
 *
 * With `selfPlay` each round begins with a response of the policy to every demonstration's prompt, and the second term
 * is DPO's loss of the demonstrated response against it, with the model that the round begins from as the reference.
 *
 * A round is an epoch over both sets; each set's mean is independent of the size of the other.
 */
export const aihf: (own?: Partial<AihfOptions>) => Recipe = recipeOf<AihfOptions, Complete>({
  form: recipeForms.aihf,
  name: "aihf",
  version: "1",
  trainsOnDemonstrations: true,
  complete({ rounds, ...options }: AihfOptions): Complete {
    const all = { ...defaultsOf(methodForm.table), ...options };
    return options.selfPlay
      ? { ...all, loss: "dpo", iterations: rounds, epochs: 1, reference: "previous" }
      : { ...all, loss: "aihf", iterations: 1, epochs: rounds, reference: "start" };
  },
  columns: () => told,
  trainings: ({ iterations, epochs }, { pairs, demonstrations }) =>
    Array.from({ length: iterations }, () => ({ examples: pairs + demonstrations, epochs })),
  trainsOn: () => ["data"],
  check(input) {
    requireDemonstrations(input);
    if (input.pairs.length === 0)
      throw new InputError(
        "this method trains on pairs and demonstrations, and there are no pairs; use sft for demonstrations alone",
      );
  },
  async run(stages, options) {
    const demonstrations = stages.requireDemonstrations();
    const pairs = await stages.offlinePairs();
    if (!options.selfPlay) {
      const all = [
        ...weighted(pairs, options.pairWeight, pairs.length + demonstrations.length),
        ...likelihoods(demonstrations, pairs.length, options),
      ];
      await stages.align(1, all, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
      return;
    }
    for (let t = 1; t <= options.iterations; t++) {
      const made = await againstOwn(stages, t, demonstrations);
      await stages.saveBootstrapped(t, made);
      const count = pairs.length + made.length;
      const all = [
        ...weighted(pairs, options.pairWeight, count),
        ...weighted(made, options.demonstrationWeight, count),
      ];
      await stages.align(t, all, { pairsSelected: pairs.length, pairsBootstrapped: made.length, bootstrap: null });
    }
  },
});

/** Returns examples weighted so that their mean has the weight `weight` in the mean over all `count` examples. */
function weighted<Pair extends TrainingPair>(set: readonly Pair[], weight: number, count: number): Pair[] {
  return set.map((pair) => ({
    ...pair,
    columns: { ...pair.columns, weight: (weight * count * (pair.columns?.weight ?? 1)) / set.length },
  }));
}

/** Returns demonstrations as examples without a rejected response, weighted to give the mean over their tokens. */
function likelihoods(
  demonstrations: readonly TokenizedDemonstration[],
  pairs: number,
  { demonstrationWeight }: Complete,
): TrainingPair[] {
  const tokens = demonstrations.reduce((sum, { response }) => sum + response.length, 0);
  const set = demonstrations.map(({ prompt, response }) => ({
    ...{ prompt, chosen: response, rejected: new Int32Array(0), columns: { demonstration: 1 } },
    // The likelihood is not compared with the reference's.
    reference: { chosen: 0, rejected: 0 },
  }));
  return weighted(set, (demonstrationWeight * demonstrations.length) / tokens, pairs + demonstrations.length);
}

/** Returns pairs of a demonstrated response and the policy's own, if that differs and is not empty. */
async function againstOwn(
  stages: Stages,
  t: number,
  demonstrations: readonly TokenizedDemonstration[],
): Promise<BootstrappedPair[]> {
  const samples = await stages.demonstrationSamples(t);
  const made = demonstrations.flatMap(({ id, prompt, response }, i): BootstrappedPair[] => {
    const { tokens } = samples[i]!;
    const isPair = !isEmptyResponse(tokens, stages.stopIds) && tokens.join() !== response.join();
    return isPair ? [{ prompt, chosen: response, rejected: Int32Array.from(tokens), row: { id } }] : [];
  });
  if (made.length === 0)
    throw new InputError(
      `iteration ${t}: the policy's own responses to the ${demonstrations.length} demonstrations are empty or the same as these, which leaves nothing to compare`,
    );
  return made;
}

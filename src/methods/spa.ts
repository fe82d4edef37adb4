import { refined } from "../align/losses/refined.js";
import { isPairObjective, type PairLoss } from "../align/pair-objective.js";
import { InputError } from "../base/errors.js";
import { distinctPrompts, formPairs } from "../bootstrap/index.js";
import { promptIds } from "../data/prompt-ids.js";
import { lossOf, recipeForms, type MethodOptions, type SpaOptions } from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { bootstrappedPair } from "../sera.js";
import { recipeOf, type Recipe } from "./recipe.js";

type CompleteOptions = Omit<SpaOptions, "rounds"> & MethodOptions;

/**
 * SPA, spread preference annotation: DPO on a few pairs of the data, then rounds on fresh prompts. Two responses per
 * prompt are sampled from the policy and labelled by its log-ratio to the start; every round uses the model that it
 * begins from as the reference, and smooths the labels that the policy is least sure of (Kim et al. 2024, arXiv
 * 2406.04412; see {@link refined} for what is left out). Only the data's pairs for the first share of the prompts are
 * trained on.
 *
 * All rounds together cover as many pairs as the data has, `rounds` times.
 *
 * @throws InputError (in a run) if a round would have no prompt, or labels cannot be refined with this loss or these
 *   micro-batches
 */
export const spa: (own?: Partial<SpaOptions>) => Recipe = recipeOf({
  form: recipeForms.spa,
  name: "spa",
  version: "1",
  complete: ({ rounds, ...options }: SpaOptions): CompleteOptions => ({
    ...options,
    iterations: options.shares.length,
    epochs: rounds,
    reference: "previous",
  }),
  trainings: ({ shares, epochs, seedEpochs = epochs }, { pairs }) =>
    partsOf(shares, pairs).map(([begin, end], i) => ({ examples: end - begin, epochs: i === 0 ? seedEpochs : epochs })),
  losses: (loss, options) => [loss, refinedFor(loss, 1, options)],
  trainsOn: ({ shares }) => (shares.length > 1 ? ["data", "made"] : ["data"]),
  check: ({ pairs }, { shares }) => checkShares(distinctPrompts(pairs).length, shares),
  async run(stages, options) {
    const { shares, seedEpochs = options.epochs, epochs, responses, rewardAgainst } = options;
    const prompts = promptsOfRounds(stages, shares);
    const loss = lossOf(options);

    // Avoid stages.offlinePairs, which would score all pairs under the start.
    const ids = promptIds(stages.pairs);
    const seed = stages.pairs.filter((_, i) => prompts[0]!.has(ids[i]!));
    await stages.align(
      1,
      seed,
      { pairsSelected: seed.length, pairsBootstrapped: 0, bootstrap: null },
      { epochs: seedEpochs },
    );
    for (let t = 2; t <= shares.length; t++) {
      const fresh = prompts[t - 1]!;
      // The previous round's policy was trained against the one before it.
      const against = rewardAgainst === "start" ? 0 : t - 2;
      const samples = await stages.labelledSamples(
        t,
        responses,
        (drawn) => stages.labelByReward(t, [1], drawn, against),
        fresh,
      );
      const { pairs, counts } = formPairs(samples, fresh.size, stages.stopIds);
      const made = pairs.map((pair) => bootstrappedPair(stages, pair));
      await stages.saveBootstrapped(t, made);
      const steps = options.maxSteps ?? epochs * Math.ceil(made.length / options.batchSize);
      await stages.align(
        t,
        made,
        { pairsSelected: 0, pairsBootstrapped: made.length, bootstrap: counts },
        { loss: refinedFor(loss, steps, options) },
      );
    }
  },
});

/** Returns the begin and end index of each share of `count`. */
function partsOf(shares: readonly number[], count: number): [begin: number, end: number][] {
  let before = 0;
  return shares.map((share) => [Math.round(before * count), Math.round((before += share) * count)]);
}

/** Returns the prompt ids of each round, in random order without repetition. */
function promptsOfRounds(stages: Stages, shares: readonly number[]): ReadonlySet<string>[] {
  const ids = stages.fork("prompts").shuffle(distinctPrompts(stages.pairs).map(({ id }) => id));
  return partsOf(shares, ids.length).map(([begin, end]) => new Set(ids.slice(begin, end)));
}

/** @throws InputError if a round would have no prompt */
function checkShares(prompts: number, shares: readonly number[]): void {
  const empty = partsOf(shares, prompts).findIndex(([begin, end]) => begin === end);
  if (empty >= 0)
    throw new InputError(
      `shares: ${shares[empty]} of ${prompts} prompts leaves round ${empty + 1} without one; raise it, or give more pairs`,
    );
}

/** Returns the loss of a round of `steps` steps, with refined labels if the options say so. */
function refinedFor(
  loss: PairLoss,
  steps: number,
  { refineShare, refineSmoothing, refineAfter }: CompleteOptions,
): PairLoss {
  if (refineShare === 0) return loss;
  if (isPairObjective(loss))
    throw new InputError(
      `refineShare: the objective ${loss.name} cannot take a label the other way round; set it to 0, or choose a loss`,
    );
  return refined(loss, { share: refineShare, smoothing: refineSmoothing, after: Math.round(refineAfter * steps) });
}

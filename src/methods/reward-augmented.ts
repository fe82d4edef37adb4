import { countedOf } from "../base/counted.js";
import { InputError, quote } from "../base/errors.js";
import { Random } from "../base/random.js";
import { atGoal, goalConditioned, goalProbes, type GoalTextOptions } from "../data/goals.js";
import type { InputTexts, RunInput } from "../run/input.js";
import { recipeForms, type MethodOptions, type RewardAugmentedOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<RewardAugmentedOptions, "rounds">;

/**
 * Reward-augmented data: a direct alignment algorithm on pairs that are conditioned on the scores of their responses,
 * two of each pair; see {@link goalConditioned}. Held-out prompts ask for the highest goal; prompt the trained model in
 * the same way, with {@link atGoal} (Zhang et al. 2024, arXiv 2410.08067). The reference reads the same goals.
 *
 * A round is half an epoch of the doubled pairs, or one with `half`, so that it sees as many pairs as the data has.
 */
export const rewardAugmented: (own?: Partial<RewardAugmentedOptions>) => Recipe = recipeOf({
  form: recipeForms.rewardAugmented,
  name: "reward augmented",
  version: "1",
  complete: ({ rounds, ...options }: RewardAugmentedOptions): Complete => ({
    ...options,
    iterations: 1,
    reference: "start",
    epochs: options.half ? rounds : rounds / 2,
  }),
  rewrite(texts, { seed, half = false, ties, goalPlace: place }) {
    const random = Random.seeded(seed).fork("half");
    const { pairs, heldOut, validation } = texts;
    requireGoalWords(texts, { place });
    return {
      pairs: goalConditioned(pairs, { half, ties, place, random }),
      heldOut: heldOut && atGoal(heldOut, { place }),
      validation: validation && goalConditioned(validation, { ties, place }),
    };
  },
  trainings: ({ half = false, epochs }, { pairs }) => [{ examples: half ? pairs : 2 * pairs, epochs }],
  trainsOn: () => ["data"],
  check: (input, { ties }) => requireReadableGoals(input, ties),
  async run(stages) {
    const pairs = await stages.offlinePairs();
    await stages.align(1, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
  },
});

/**
 * @throws InputError if the tokenizer lacks the word of a goal, which it then cannot distinguish from other unknown
 *   words
 */
function requireGoalWords(texts: InputTexts, options: GoalTextOptions): void {
  for (const pairs of [texts.pairs, texts.validation ?? []]) {
    const probes = goalProbes(pairs, options);
    const read = texts.tokenized({ pairs: probes.map(({ pair }) => pair) }).pairs.map(({ prompt }) => prompt.join());
    const lacking = probes.filter(
      ({ isUnknown }, i) => !isUnknown && read.indexOf(read[i]!) !== read.lastIndexOf(read[i]!),
    );
    if (lacking.length === 0) continue;
    const goals = probes.filter(({ isUnknown }) => !isUnknown);
    const words = lacking.slice(0, 3).map(({ text }) => quote(text.slice(-30)));
    throw new InputError(
      `the model's tokenizer lacks the words of ${countedOf(lacking.length, goals.length, "goal")}, as ${words.join(", ")}, and reads them as it reads any other word that it lacks; ` +
        'begin with a model trained on prompts that state goals, such as one of generateWorld({ goals: "random" })',
    );
  }
}

/** @throws InputError if prompts with different goals are identical as tokens, which makes pairs contradictory */
function requireReadableGoals({ pairs }: RunInput, ties: Complete["ties"]): void {
  const same = (a: Int32Array, b: Int32Array) => a.join() === b.join();
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const both = pairs.flatMap((high) => {
    const low = high.id.endsWith("#chosen") ? byId.get(high.id.replace(/#chosen$/, "#rejected")) : undefined;
    return low ? [{ high, low }] : [];
  });
  const alike = both.filter(({ high, low }) => same(high.prompt, low.prompt)).length;
  if (alike === 0 || (ties === "keep" && alike < both.length)) return;
  throw new InputError(
    `${countedOf(alike, both.length, "pair")} ${alike === 1 ? "reads" : "read"} the same at both goals, which are cut off with the beginnings of their prompts; raise maxPromptLength, or leave out pairs whose prompts do not fit with a goal`,
  );
}

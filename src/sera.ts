import { lossNamed } from "./align/losses/index.js";
import { balancingPenalty, formPairs, penalizeLength, type LabelledSample, type SamplePair } from "./bootstrap/index.js";
import { capPerPrompt, scoreDifference, selectionRules, type Margin, type Reviewed } from "./review/index.js";
import type { BootstrappedPair, TrainingPair } from "./run/input.js";
import type { Method } from "./run/method.js";
import type { Stages } from "./run/stages.js";
import type { TrainedOn } from "./run/summary.js";
import { checkSeraOptions, defaultSera, type SeraOptions } from "./sera-options.js";

/**
 * SeRA: trains the policy on all pairs; then, at each further iteration, keeps the pairs with the
 * largest implicit reward margins, adds pairs of the policy's own responses labelled by its own
 * implicit reward, and trains it on these (arXiv 2410.09362, algorithm 1). With one iteration it is
 * the plain direct alignment algorithm.
 *
 * @param options those that differ from {@link defaultSera}
 * @throws InputError where an option is outside its range
 */
export function seraMethod(options: Partial<SeraOptions>): Method {
  const all = { ...defaultSera, ...options };
  checkSeraOptions(all);
  const name = all.iterations === 1 ? lossNamed(all.loss, all).name : "sera";
  return { name, options: all, run: (stages) => selfImprove(stages, all) };
}

/** The loop: align on all pairs; then review, bootstrap and align on what they give, until the last iteration. */
export async function selfImprove(stages: Stages, options: SeraOptions): Promise<void> {
  if (options.iterations > 1) checkUsable(stages, options);
  const offline = await stages.offlinePairs();
  await stages.align(1, offline, { pairsSelected: offline.length, pairsBootstrapped: 0, bootstrap: null });
  for (let t = 2; t <= options.iterations; t++) {
    const reviewed = await reviewPairs(stages, t, options);
    const kept = offline.filter((_, i) => reviewed[i]!.kept);
    const { pairs: made, bootstrap } = await bootstrapPairs(stages, t, options);
    await stages.align(t, [...kept, ...made], { pairsSelected: kept.length, pairsBootstrapped: made.length, bootstrap });
  }
}

/** What an iteration would fail for want of is missed before the first. */
function checkUsable(stages: Stages, { selectBy, select, labelBy, bootstrap }: SeraOptions): void {
  if (selectBy === "score" && select > 0) stages.pairs.forEach(scoreDifference);
  if (labelBy === "judge" && bootstrap > 0) stages.needJudge();
}

/** Self-review: the pairs of the data, and which of them are kept. */
function reviewPairs(stages: Stages, t: number, { gamma, select, selectBy, perPrompt }: SeraOptions): Promise<readonly Reviewed[]> {
  return stages.review(t, [1 - gamma, gamma], (rows: readonly Margin[]) => {
    const kept = selectionRules[selectBy](rows, select, stages.fork("select", t));
    return perPrompt === undefined ? kept : capPerPrompt(kept, perPrompt);
  });
}

/** Preference bootstrapping: the policy's own pairs, sampled and labelled, the clearest kept. */
async function bootstrapPairs(
  stages: Stages,
  t: number,
  options: SeraOptions,
): Promise<{ pairs: readonly TrainingPair[]; bootstrap: TrainedOn["bootstrap"] }> {
  const count = Math.round(options.bootstrap * stages.pairs.length);
  if (count === 0) return { pairs: [], bootstrap: null };
  const { gamma, responses, labelBy, pairBy } = options;
  const samples = await stages.samples(t, responses, (drawn) =>
    labelBy === "judge" ? stages.labelByJudge(t, drawn) : stages.labelByReward(t, [1 - gamma, gamma], drawn),
  );
  const { pairs, counts } = formPairs(lengthPenalized(samples, options, stages.stopIds), count, stages.stopIds, pairBy);
  const made = pairs.map((pair) => bootstrappedPair(stages, pair));
  await stages.saveBootstrapped(t, made);
  return { pairs: made, bootstrap: counts };
}

function lengthPenalized(
  samples: readonly LabelledSample[],
  { lengthPenalty, pairBy }: SeraOptions,
  stopIds: readonly number[],
): readonly LabelledSample[] {
  if (lengthPenalty === 0) return samples;
  return penalizeLength(samples, lengthPenalty === "auto" ? balancingPenalty(samples, stopIds, pairBy).alpha : lengthPenalty);
}

/** Two samples as a pair to be trained on. */
export function bootstrappedPair(stages: Stages, { id, chosen, rejected, margin }: SamplePair): BootstrappedPair {
  const known = chosen.reference !== undefined && rejected.reference !== undefined;
  return {
    prompt: stages.prompt(id),
    chosen: Int32Array.from(chosen.tokens),
    rejected: Int32Array.from(rejected.tokens),
    ...(known && { reference: { chosen: chosen.reference, rejected: rejected.reference } }),
    row: { id, chosenReward: chosen.reward, rejectedReward: rejected.reward, margin },
  };
}

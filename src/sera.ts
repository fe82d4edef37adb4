import { InputError, quote } from "./base/errors.js";
import { callOwn, interruptGrace } from "./base/own-function.js";
import {
  balancingPenalty,
  firstBalancingPenalty,
  formPairs,
  penalizeLength,
  type LabelledSample,
  type Pairing,
  type Sample,
  type SamplePair,
} from "./bootstrap/index.js";
import { capPerPrompt, scoreDifference, type Margin, type Reviewed } from "./review/index.js";
import { requireJudge, type BootstrappedPair, type RunInput } from "./run/input.js";
import { methodWith, type Method, type TrainedPairs } from "./run/method.js";
import {
  directName,
  givenNames,
  pairingOf,
  resolveOptions,
  selectionOf,
  seraForm,
  type LabelContext,
  type Labeller,
  type SeraOptions,
} from "./run/options/index.js";
import type { Stages } from "./run/stages.js";
import type { TrainedOn } from "./run/summary.js";

/**
 * SeRA: trains the policy on all pairs; then, at each further iteration, keeps the pairs with the
 * largest implicit reward margins, adds pairs of the policy's own responses labelled by its own
 * implicit reward, and trains it on these (arXiv 2410.09362, algorithm 1). With one iteration it is
 * the plain direct alignment algorithm.
 *
 * @param options those that differ from the defaults
 * @throws InputError where an option is unknown, outside its range or another method's
 */
export function seraMethod(options: Partial<SeraOptions> = {}): Method {
  const all = resolveOptions(seraForm, options);
  const name = all.iterations === 1 ? directName(all) : "sera";
  return methodWith({
    name,
    version: "1",
    options: all,
    given: givenNames(options),
    labelsWithJudge: all.labelBy === "judge",
    trainsOn: trainedPairs(all),
    check: checkUsable,
    run: selfImprove,
  });
}

/** Which pairs the loop trains on: those of the data, and from the second iteration on the policy's own. */
export function trainedPairs({ iterations, bootstrap }: SeraOptions): TrainedPairs {
  return iterations > 1 && bootstrap > 0 ? ["data", "made"] : ["data"];
}

/** The loop: align on all pairs; then review, bootstrap and align on what they give, until the last iteration. */
export async function selfImprove(stages: Stages, options: SeraOptions): Promise<void> {
  const offline = await stages.offlinePairs();
  await stages.align(1, offline, { pairsSelected: offline.length, pairsBootstrapped: 0, bootstrap: null });
  for (let t = 2; t <= options.iterations; t++) {
    // Pairs of the data that are to be of other prompts are chosen last.
    const before = options.disjoint ? await bootstrapPairs(stages, t, options) : undefined;
    const reviewed = await reviewPairs(stages, t, options, new Set(before?.pairs.map(({ row }) => row.id)));
    const kept = offline.filter((_, i) => reviewed[i]!.kept);
    const { pairs: made, bootstrap } = before ?? (await bootstrapPairs(stages, t, options));
    await stages.align(t, [...kept, ...made], {
      pairsSelected: kept.length,
      pairsBootstrapped: made.length,
      bootstrap,
    });
  }
}

/** What an iteration would fail for want of is missed before the first. */
export function checkUsable(input: RunInput, { iterations, selectBy, select, labelBy, bootstrap }: SeraOptions): void {
  if (iterations === 1) return;
  if (selectBy === "score" && select > 0) input.pairs.forEach(scoreDifference);
  if (labelBy === "judge" && bootstrap > 0) requireJudge(input);
  const count = input.pairs.length;
  const isNone = (share: number) => Math.round(share * count) === 0;
  // How many a rule of one's own keeps is not known before it has seen margins.
  if (typeof selectBy === "string" && isNone(select) && isNone(bootstrap)) {
    throw new InputError(
      `select ${select} and bootstrap ${bootstrap} of ${count} pairs are both 0 pairs, which leaves none to train on; raise one of them`,
    );
  }
}

/** Self-review: the pairs of the data, and which of them are kept; none of the prompts that are used already. */
function reviewPairs(
  stages: Stages,
  t: number,
  { gamma, select, selectBy, perPrompt }: SeraOptions,
  used: ReadonlySet<string>,
): Promise<readonly Reviewed[]> {
  return stages.review(t, [1 - gamma, gamma], (rows: readonly Margin[]) => {
    const free = rows.filter(({ prompt }) => !used.has(prompt));
    // As many pairs as without what is used, while there are.
    const share = free.length === 0 ? 0 : Math.min(1, (select * rows.length) / free.length);
    const selected = selectionOf(selectBy)(free, share, stages.fork("select", t));
    const capped = perPrompt === undefined ? selected : capPerPrompt(selected, perPrompt);
    const kept = new Set(capped.flatMap((row) => (row.kept ? row.id : [])));
    return rows.map((row) => ({ ...row, kept: kept.has(row.id) }));
  });
}

/** Preference bootstrapping: the policy's own pairs, sampled and labelled, the clearest kept. */
async function bootstrapPairs(
  stages: Stages,
  t: number,
  options: SeraOptions,
): Promise<{ pairs: readonly BootstrappedPair[]; bootstrap: TrainedOn["bootstrap"] }> {
  const count = Math.round(options.bootstrap * stages.pairs.length);
  if (count === 0) return { pairs: [], bootstrap: null };
  const pairing = pairingOf(options.pairBy);
  const samples = await stages.labelledSamples(t, options.responses, (drawn) => label(stages, t, options, drawn));
  const usable = options.completeOnly ? samples.filter(({ complete }) => complete) : samples;
  if (options.lengthPenalty === "auto" && usable.length === 0)
    throw new InputError(
      `length penalty: none of ${samples.length} responses ended within maxNewTokens, and completeOnly leaves out the others; raise maxNewTokens, or set completeOnly: false`,
    );
  const alpha = penaltyOf(usable, options, stages.stopIds, pairing);
  const { pairs, counts } = formPairs(
    penalizeLength(samples, alpha),
    count,
    stages.stopIds,
    pairing,
    options.completeOnly,
  );
  const made = pairs.map((pair) => bootstrappedPair(stages, pair));
  await stages.saveBootstrapped(t, made);
  return { pairs: made, bootstrap: counts };
}

/** Samples with their rewards, by whatever the options say. */
function label(
  stages: Stages,
  t: number,
  { gamma, labelBy, rewardAgainst, reference }: SeraOptions,
  drawn: readonly Sample[],
): Promise<readonly LabelledSample[]> {
  if (labelBy === "judge") return stages.labelByJudge(t, drawn);
  // The policy before this iteration was trained against the one before it, or the start.
  const against = rewardAgainst === "round" && reference === "previous" ? t - 2 : 0;
  const byReward = () => stages.labelByReward(t, [1 - gamma, gamma], drawn, against);
  return labelBy === "implicit" ? byReward() : labelByOwn(stages, t, labelBy, drawn, byReward);
}

/** Samples with the rewards of a labeller of the user's own. */
async function labelByOwn(
  stages: Stages,
  t: number,
  labeller: Labeller,
  drawn: readonly Sample[],
  byReward: () => Promise<readonly LabelledSample[]>,
): Promise<readonly LabelledSample[]> {
  await stages.noteLabels(t, labeller.name);
  let rewarded: Promise<readonly LabelledSample[]> | undefined;
  const context: LabelContext = {
    iteration: t,
    prompt: ({ id }) => stages.text(stages.prompt(id)),
    response: ({ tokens }) => stages.text(tokens),
    implicitRewards: async () => (await (rewarded ??= byReward())).map(({ reward }) => reward),
  };
  const rewards = await callOwn(`labelBy: the labeller ${quote(labeller.name)}`, () => labeller.label(drawn, context), {
    ...{ signal: stages.signal, grace: interruptGrace },
  });
  if (!Array.isArray(rewards) || rewards.length !== drawn.length || !rewards.every(Number.isFinite)) {
    throw new InputError(
      `labelBy: the labeller ${quote(labeller.name)} must give one finite reward for each of the ${drawn.length} samples`,
    );
  }
  // Where the implicit reward was asked for, the log-probabilities under the reference are known too.
  return ((await rewarded) ?? drawn).map((sample, i) => ({ ...sample, reward: rewards[i]! }));
}

function penaltyOf(
  samples: readonly LabelledSample[],
  { lengthPenalty, penaltyStep }: SeraOptions,
  stopIds: readonly number[],
  pairing: Pairing,
): number {
  if (lengthPenalty !== "auto") return lengthPenalty;
  const { alpha } =
    penaltyStep === undefined
      ? balancingPenalty(samples, stopIds, pairing)
      : firstBalancingPenalty(samples, stopIds, pairing, penaltyStep);
  return alpha;
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

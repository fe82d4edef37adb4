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
 * SeRA: trains the policy on all pairs; then, at each further iteration, keeps the pairs with the largest implicit
 * reward margins, adds pairs of the policy's own responses labelled by its implicit reward, and trains on both (arXiv
 * 2410.09362, algorithm 1). One iteration is plain direct alignment.
 *
 * @param options overrides of the defaults
 * @throws InputError if an option is unknown, outside its range or belongs to another method
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

/**
 * Returns the sources of the training pairs: the data and, from the second iteration on, the policy's own responses.
 */
export function trainedPairs({ iterations, bootstrap }: SeraOptions): TrainedPairs {
  return iterations > 1 && bootstrap > 0 ? ["data", "made"] : ["data"];
}

/**
 * Runs the loop: align on all pairs; then, at each further iteration, review, bootstrap and align on the resulting
 * pairs.
 */
export async function selfImprove(stages: Stages, options: SeraOptions): Promise<void> {
  const offline = await stages.offlinePairs();
  await stages.align(1, offline, { pairsSelected: offline.length, pairsBootstrapped: 0, bootstrap: null });
  for (let t = 2; t <= options.iterations; t++) {
    // With `disjoint`, bootstrapping goes first: review then skips the prompts that it used.
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

/** Checks, before iteration 1, that no later iteration lacks scores, a judge or pairs. */
export function checkUsable(input: RunInput, { iterations, selectBy, select, labelBy, bootstrap }: SeraOptions): void {
  if (iterations === 1) return;
  if (selectBy === "score" && select > 0) input.pairs.forEach(scoreDifference);
  if (labelBy === "judge" && bootstrap > 0) requireJudge(input);
  const count = input.pairs.length;
  const isNone = (share: number) => Math.round(share * count) === 0;
  // How many pairs a custom rule keeps is known only once it has seen the margins.
  if (typeof selectBy === "string" && isNone(select) && isNone(bootstrap)) {
    throw new InputError(
      `select ${select} and bootstrap ${bootstrap} of ${count} pairs are both 0 pairs, which leaves none to train on; raise one of them`,
    );
  }
}

/** Self-review: marks which pairs of the data are kept; pairs whose prompts are already used are not. */
function reviewPairs(
  stages: Stages,
  t: number,
  { gamma, select, selectBy, perPrompt }: SeraOptions,
  used: ReadonlySet<string>,
): Promise<readonly Reviewed[]> {
  return stages.review(t, [1 - gamma, gamma], (rows: readonly Margin[]) => {
    const free = rows.filter(({ prompt }) => !used.has(prompt));
    // Keeps the number of pairs that `select` asks for, as far as the unused prompts allow.
    const share = free.length === 0 ? 0 : Math.min(1, (select * rows.length) / free.length);
    const selected = selectionOf(selectBy)(free, share, stages.fork("select", t));
    const capped = perPrompt === undefined ? selected : capPerPrompt(selected, perPrompt);
    const kept = new Set(capped.flatMap((row) => (row.kept ? row.id : [])));
    return rows.map((row) => ({ ...row, kept: kept.has(row.id) }));
  });
}

/**
 * Preference bootstrapping: samples responses from the policy, labels them and keeps the pairs with the largest
 * margins.
 */
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

/** Labels samples with rewards as the options specify. */
function label(
  stages: Stages,
  t: number,
  { gamma, labelBy, rewardAgainst, reference }: SeraOptions,
  drawn: readonly Sample[],
): Promise<readonly LabelledSample[]> {
  if (labelBy === "judge") return stages.labelByJudge(t, drawn);
  if (labelBy === "likelihood") return stages.labelByLikelihood(t, drawn);
  // The previous iteration's policy was trained against the one before it, or against the start.
  const against = rewardAgainst === "round" && reference === "previous" ? t - 2 : 0;
  const byReward = () => stages.labelByReward(t, [1 - gamma, gamma], drawn, against);
  return labelBy === "implicit" ? byReward() : labelByOwn(stages, t, labelBy, drawn, byReward);
}

/** Labels samples with the user's own labeller. */
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
  // If the labeller requested implicit rewards, the samples carry reference log-probabilities too.
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

/** Turns two samples into a training pair. */
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

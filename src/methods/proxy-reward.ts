import { scoreHead } from "../align/score-head.js";
import { groupBy } from "../base/collections.js";
import { InputError } from "../base/errors.js";
import { distinctPrompts, formPairs, kCentre, type LabelledSample, type Sample } from "../bootstrap/index.js";
import { promptIds } from "../data/prompt-ids.js";
import { requireJudge } from "../run/input.js";
import { lossOf, recipeForms, type MethodOptions, type ProxyRewardOptions } from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { bootstrappedPair } from "../sera.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<ProxyRewardOptions, "rounds">;

/** By default, the responses of one in this many prompts are graded. */
const promptsPerGraded = 9;

/**
 * A proxy reward model, on-policy and active (arXiv 2407.02119): responses to every prompt are sampled from the policy;
 * a judge grades those of a few prompts, chosen to cover the others in embedding space; an evaluator is trained on
 * them, and its implicit reward labels the responses to the other prompts. The policy is then trained on all of these
 * pairs, from the start. The labels of the data are not used.
 *
 * Iteration 1 is the evaluator, whose accuracy is that of its implicit reward, and iteration 2 the policy. With
 * `evaluator: "score-head"` the evaluator is a reward model, a linear head on the mean hidden state (see
 * {@link scoreHead}); its steps log `score/accuracies`, and the iteration's accuracy, that of the implicit reward, says
 * nothing about it. With `spend: "direct"` the policy is trained on the graded pairs alone.
 *
 * @throws InputError (in a run) if there is no judge, or the budget is less than one prompt's responses or more than
 *   all responses
 */
export const proxyReward: (own?: Partial<ProxyRewardOptions>) => Recipe = recipeOf<ProxyRewardOptions, Complete>({
  form: recipeForms.proxyReward,
  name: "proxy reward",
  version: "1",
  labelsWithJudge: true,
  complete: ({ rounds, ...options }: ProxyRewardOptions): Complete => ({
    ...options,
    iterations: options.spend === "direct" ? 1 : 2,
    epochs: rounds,
    reference: "start",
  }),
  trainings(options, { pairs }) {
    const { epochs, evaluatorEpochs = epochs, spend } = options;
    const graded = {
      examples: gradedPrompts(pairs, options).prompts,
      epochs: spend === "direct" ? epochs : evaluatorEpochs,
    };
    return spend === "direct" ? [graded] : [graded, { examples: pairs, epochs }];
  },
  losses: (loss, { evaluator }) => (evaluator === "score-head" ? [scoreHead(loss), loss] : [loss]),
  trainsOn: () => ["made"],
  check(input, options) {
    requireJudge(input);
    if (options.evaluator === "score-head" && options.spend === "direct")
      throw new InputError('evaluator: `spend: "direct"` trains none; leave `evaluator` out');
    requireBudget(distinctPrompts(input.pairs).length, options);
  },
  async run(stages, options) {
    const { responses, spend, evaluator, epochs, evaluatorEpochs = epochs } = options;
    const hasHead = evaluator === "score-head";
    const { budget, prompts } = gradedPrompts(distinctPrompts(stages.pairs).length, options);

    const samples = spend === "direct" && options.graded === "data" ? [] : await stages.samples(1, responses);
    const pool = byPrompt(options.graded === "data" ? dataResponses(stages) : samples);
    const graded = await stages.gradedResponses(1, budget, async () =>
      (await chosenPrompts(stages, pool, prompts, options)).flatMap((id) => pool.get(id)!),
    );
    const gradedPairs = pairsOf(stages, graded);
    if (gradedPairs.length === 0)
      throw new InputError(
        `the judge has graded ${graded.length} responses, and no prompt has two that differ in text and in grade; raise \`budget\`, or \`temperature\``,
      );
    await stages.saveBootstrapped(1, gradedPairs);
    await stages.align(
      1,
      gradedPairs,
      { pairsSelected: 0, pairsBootstrapped: gradedPairs.length, bootstrap: null },
      {
        epochs: spend === "direct" ? epochs : evaluatorEpochs,
        ...(hasHead && { loss: scoreHead(lossOf(options)) }),
      },
    );
    if (spend === "direct") return;

    const known = new Set(graded.map(({ id }) => id));
    const rest = samples.filter(({ id }) => !known.has(id));
    const labelled = await stages.labelledResponses(2, rest, (all) =>
      hasHead ? stages.labelByScoreHead(2, all) : stages.labelByReward(2, [1], all),
    );
    const made = pairsOf(stages, labelled);
    const all = [...gradedPairs, ...made];
    await stages.saveBootstrapped(2, all);
    await stages.align(2, all, { pairsSelected: 0, pairsBootstrapped: all.length, bootstrap: null }, { from: 0 });
  },
});

/** Returns the judge's budget in responses for `count` prompts, and the number of prompts that it covers. */
function gradedPrompts(count: number, { budget: given, graded, responses: sampled }: Complete) {
  const responses = graded === "data" ? 2 : sampled;
  const budget = given ?? responses * Math.max(1, Math.round(count / promptsPerGraded));
  return { budget, responses, prompts: Math.floor(budget / responses) };
}

/** @throws InputError if the budget allows no comparison, or exceeds the number of responses */
function requireBudget(count: number, options: Complete): void {
  const { budget, responses } = gradedPrompts(count, options);
  if (budget < responses)
    throw new InputError(
      `budget: found ${budget}, expected at least ${responses}, the responses of one prompt, which are compared with each other`,
    );
  if (budget > responses * count)
    throw new InputError(
      `budget: found ${budget}, expected at most ${responses * count}, which are all responses that there are: ${responses} to each of ${count} prompts`,
    );
}

/** Returns the ids of the prompts whose responses are graded. */
async function chosenPrompts(
  stages: Stages,
  pool: ReadonlyMap<string, readonly Sample[]>,
  count: number,
  { chooseBy }: Complete,
): Promise<string[]> {
  // In the data's order; the order of the samples depends on sampling batches.
  const ids = distinctPrompts(stages.pairs).map(({ id }) => id);
  if (chooseBy === "random") return stages.fork("choose").shuffle(ids).slice(0, count);
  const sequences = ids.map((id) => {
    const prompt = stages.prompt(id);
    // A prompt is embedded as the continuation of its first token.
    if (chooseBy === "prompts") return [{ prompt: prompt.subarray(0, 1), response: prompt.subarray(1) }];
    return pool.get(id)!.map(({ tokens }) => ({ prompt, response: Int32Array.from(tokens) }));
  });
  const found = [...(await stages.embeddings(1, 0, sequences.flat()))];
  const vectors = sequences.map(({ length }) => mean(found.splice(0, length)));
  return kCentre(vectors, count, stages.fork("choose")).map((i) => ids[i]!);
}

/** Returns the two responses of each prompt's first pair in the data. */
function dataResponses({ pairs }: Stages): Sample[] {
  const ids = promptIds(pairs);
  return pairs
    .filter(({ id }, i) => id === ids[i])
    .flatMap(({ id, chosen, rejected }) =>
      [chosen, rejected].map((tokens, number) => ({ id, number, tokens: [...tokens], complete: true })),
    );
}

function pairsOf(stages: Stages, samples: readonly LabelledSample[]) {
  // The start is the reference, so its own samples already have their reference log-probability.
  const known = samples.map((sample) => ({
    ...sample,
    ...(sample.writer === 0 && sample.logProb !== undefined && { reference: sample.logProb }),
  }));
  return formPairs(known, known.length, stages.stopIds).pairs.map((pair) => bootstrappedPair(stages, pair));
}

const byPrompt = (samples: readonly Sample[]) => groupBy(samples, ({ id }) => id);

function mean(vectors: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) vector.forEach((value, i) => (sum[i]! += value));
  return sum.map((value) => value / vectors.length);
}

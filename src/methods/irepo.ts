import { chunk, groupBy } from "../base/collections.js";
import { InputError, quote } from "../base/errors.js";
import { drawVotes, isEmptyResponse, rankedDistinct, type LabelledSample } from "../bootstrap/index.js";
import { requireJudge, type BootstrappedPair } from "../run/input.js";
import { recipeForms, type IrepoOptions, type MethodOptions } from "../run/options/index.js";
import type { Stages } from "../run/stages.js";
import { zermelo } from "../stats/zermelo.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<IrepoOptions, "rounds">;

/** Two responses of one prompt with the log ratio of their strengths. */
interface Voted {
  readonly pair: BootstrappedPair;
  /** Whether all annotators agreed on every two of the prompt's responses. */
  readonly isUnanimous: boolean;
  /** Whether the judge gave all of the prompt's responses the same grade. */
  readonly isTied: boolean;
}

/**
 * iREPO: annotators vote on every two responses of a prompt; the strongest is then trained against the weakest, by
 * regressing their difference in implicit reward on the log ratio of their strengths (Le et al. 2024, arXiv 2405.15230,
 * equation 16; see {@link zermelo}). The reference is the model that each round begins from.
 *
 * The first round uses the data's own two responses, further rounds `responses` samples of the policy. Annotators are
 * simulated: each votes by Bradley–Terry on the judge's grades (see {@link drawVotes}).
 */
export const irepo: (own?: Partial<IrepoOptions>) => Recipe = recipeOf({
  form: recipeForms.irepo,
  name: "irepo",
  version: "1",
  labelsWithJudge: true,
  complete: ({ rounds, ...options }: IrepoOptions): Complete => ({
    ...options,
    loss: "irepo",
    iterations: rounds,
    epochs: 1,
    reference: "previous",
  }),
  check: requireJudge,
  async run(stages, options) {
    for (let t = 1; t <= options.iterations; t++) {
      const voted = t === 1 ? await votedOffline(stages, options) : await votedSamples(stages, t, options);
      const pairs = voted.map(({ pair }) => pair);
      await stages.saveBootstrapped(t, pairs);
      await stages.align(t, pairs, {
        pairsSelected: t === 1 ? pairs.length : 0,
        pairsBootstrapped: t === 1 ? 0 : pairs.length,
        bootstrap: null,
      });
    }
  },
});

/**
 * Returns the data's responses with votes.
 *
 * @throws InputError if all annotators agree on all pairs, or the judge gives both responses of every pair the same
 *   grade
 */
async function votedOffline(stages: Stages, options: Complete): Promise<Voted[]> {
  const offline = await stages.offlinePairs();
  const both = offline.flatMap(({ promptId: id, chosen, rejected, reference }, i) => [
    { id, number: 2 * i, tokens: [...chosen], complete: true, ...(reference && { reference: reference.chosen }) },
    {
      id,
      number: 2 * i + 1,
      tokens: [...rejected],
      complete: true,
      ...(reference && { reference: reference.rejected }),
    },
  ]);
  const judged = await stages.labelledResponses(1, both, (responses) => stages.labelByJudge(1, responses));
  const voted = chunk(judged, 2).map((responses, i) => votedOn(stages, 1, offline[i]!.id, responses, options));
  if (voted.every(({ isTied }) => isTied)) {
    throw new InputError(
      `the judge ${quote(stages.requireJudge().name)} gives both responses of each of the ${voted.length} pairs the same grade, so that votes are noise; give pairs whose responses differ, or a judge that tells them apart`,
    );
  }
  if (voted.every(({ isUnanimous }) => isUnanimous)) {
    const { votes, voteTemperature } = options;
    throw new InputError(
      `all ${votes} annotators agree on each of the ${voted.length} pairs, so that votes say no more than labels; raise \`voteTemperature\` (${voteTemperature}) or \`votes\``,
    );
  }
  return voted;
}

/** Returns the policy's own responses with votes; prompts with fewer than two distinct ones are left out. */
async function votedSamples(stages: Stages, t: number, options: Complete): Promise<Voted[]> {
  const samples = await stages.labelledSamples(t, options.responses, (drawn) => stages.labelByJudge(t, drawn));
  const written = samples.filter(({ tokens }) => !isEmptyResponse(tokens, stages.stopIds));
  const voted = [...groupBy(written, ({ id }) => id)].flatMap(([id, all]) => {
    const responses = rankedDistinct(all);
    return responses.length < 2 ? [] : [votedOn(stages, t, id, responses, options)];
  });
  if (voted.length > 0 && voted.every(({ isTied }) => isTied))
    stages.note(`round ${t}: the judge gives all responses of each prompt the same grade, so that votes are noise`);
  return voted;
}

/** @param id id of the pair or the prompt, which seeds the votes */
function votedOn(
  stages: Stages,
  t: number,
  id: string,
  responses: readonly LabelledSample[],
  { votes, voteTemperature, pseudoCounts }: Complete,
): Voted {
  const wins = drawVotes(
    responses.map(({ reward }) => reward),
    votes,
    voteTemperature,
    stages.fork("votes", t, id),
  );
  const logs = zermelo(wins, pseudoCounts).map(Math.log);
  const strongest = logs.indexOf(Math.max(...logs));
  // Take the last of equal strengths as the weakest, so that it is never also the strongest.
  const weakest = logs.lastIndexOf(Math.min(...logs));
  const [chosen, rejected] = [responses[strongest]!, responses[weakest]!];
  const target = logs[strongest]! - logs[weakest]!;
  const known = chosen.reference !== undefined && rejected.reference !== undefined;
  return {
    isTied: responses.every(({ reward }) => reward === responses[0]!.reward),
    isUnanimous: wins.every((row, i) => row.every((count, j) => i === j || count === 0 || count === votes)),
    pair: {
      ...{
        prompt: stages.prompt(chosen.id),
        chosen: Int32Array.from(chosen.tokens),
        rejected: Int32Array.from(rejected.tokens),
        columns: { target },
      },
      ...(known && { reference: { chosen: chosen.reference, rejected: rejected.reference } }),
      row: { id, chosenReward: logs[strongest]!, rejectedReward: logs[weakest]!, margin: target },
    },
  };
}

import { isPairObjective, objectiveOf } from "../align/pair-objective.js";
import { counted, countedOf } from "../base/counted.js";
import { InputError } from "../base/errors.js";
import { isRewrittenWhole, longestRewritten, selfAugmentation } from "../bootstrap/index.js";
import type { TokenizedPair } from "../data/tokenize.js";
import type { TrainingPair } from "../run/input.js";
import { lossOf, recipeForms, type MethodOptions, type SapoOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<SapoOptions, "rounds">;

/** Defaults of the paper, in tokens and in responses. */
const usualSegment = 256;
const usualBuffer = 2000;

/**
 * SAPO, self-augmented preference optimization: a single training that generates its pairs as it runs. An exponential
 * moving average of the policy regenerates a segment of chosen responses to create rejected ones; pairs are drawn from
 * a buffer of the latest, and the reference becomes the average about once per epoch (Yin et al. 2024, arXiv
 * 2405.20830; see {@link selfAugmentation}). Rejected responses of the data are not used.
 *
 * @throws InputError if options update a reference that stays fixed; (in a run) if the buffer is smaller than a step,
 *   the loss weights tokens, or no response is long enough for a segment
 */
export const sapo: (own?: Partial<SapoOptions>) => Recipe = recipeOf<SapoOptions, Complete>({
  form: recipeForms.sapo,
  name: "sapo",
  version: "1",
  drawsPairs: true,
  trainsOn: () => ["data"],
  complete({ rounds, ...options }: SapoOptions): Complete {
    const { referenceBecomes, referenceEvery, referenceEma } = options;
    if (referenceBecomes === "start" && (referenceEvery ?? referenceEma) !== undefined) {
      throw new InputError(
        'referenceBecomes: under "start" the reference never moves; leave referenceEvery and referenceEma out, or choose average or policy',
      );
    }
    return { ...options, iterations: 1, reference: "start", epochs: rounds };
  },
  check({ pairs }, options) {
    if (pairs.length === 0)
      throw new InputError("this method trains on the chosen responses of pairs, and there are none");
    const loss = lossOf(options);
    if (!isPairObjective(loss) && loss.tokens)
      throw new InputError(
        `sapo: the loss ${loss.name} weighs single tokens of the data's pairs, and the rejected responses are others; choose a loss of whole responses`,
      );
    const { batchSize, bufferSize = batchSize } = options;
    if (bufferSize < batchSize)
      throw new InputError(
        `bufferSize: found ${bufferSize}, expected at least batchSize (${batchSize}), as the buffer would not hold what a step makes`,
      );
    const { segment, whole, short, longest } = segmentFor(pairs, options);
    if (!whole && short === pairs.length)
      throw new InputError(
        `segment: all ${short} chosen responses are too short for a segment of ${segment} tokens (the longest has ${longest}), and would be rewritten as a whole; lower it, or set it to "whole"`,
      );
  },
  async run(stages, options) {
    const { pairs, contextLength } = stages;
    const loss = lossOf(options);
    const { batchSize, bufferSize = Math.max(batchSize, Math.min(usualBuffer, Math.round(pairs.length / 4))) } =
      options;
    const { segment, whole, short } = segmentFor(pairs, options);
    if (!whole && short > 0)
      stages.note(
        `${countedOf(short, pairs.length, "chosen response")} ${short === 1 ? "is" : "are"} too short for a segment of ${counted(segment, "token")}, and rewritten as a whole`,
      );
    const {
      averageDecay,
      averageEvery,
      referenceBecomes,
      referenceEvery = Math.ceil(pairs.length / batchSize),
      samplingBatchSize,
    } = options;
    const source = selfAugmentation({
      ...{ segment, whole, bufferSize, averageDecay, averageEvery, samplingBatchSize },
      referenceFollows: referenceBecomes === "average" ? "average" : "policy",
      sampling: { temperature: options.segmentTemperature, topK: options.segmentTopK, topP: options.segmentTopP },
    });
    const moves = referenceBecomes !== "start" && objectiveOf(loss).withReferenceLogProbs !== undefined;
    const standIns = pairs.map((pair) =>
      standIn(
        pair,
        Math.min(longestRewritten(pair.chosen.length, { segment, whole }), contextLength - pair.prompt.length),
      ),
    );
    await stages.align(
      1,
      standIns,
      { pairsSelected: 0, pairsBootstrapped: pairs.length, bootstrap: null },
      { source, ...(moves && { referenceEvery }) },
    );
  },
});

/**
 * Returns how many tokens are regenerated, from the options or the lengths of the responses; how many responses are too
 * short for that; and the length of the longest.
 */
function segmentFor(
  pairs: readonly TokenizedPair[],
  { segment: given, maxNewTokens }: Complete,
): { readonly segment: number; readonly whole: boolean; readonly short: number; readonly longest: number } {
  const lengths = pairs.map(({ chosen }) => chosen.length).sort((a, b) => a - b);
  const longest = lengths.at(-1)!;
  if (given === "whole") return { segment: maxNewTokens, whole: true, short: 0, longest };
  const median = lengths[Math.floor(lengths.length / 2)]!;
  const segment =
    given ?? (isRewrittenWhole(median, usualSegment) ? Math.max(1, Math.round(median / 3)) : usualSegment);
  const short = lengths.filter((length) => isRewrittenWhole(length, segment)).length;
  return { segment, whole: false, short, longest };
}

/** Returns a stand-in for planning the training: its rejected response has the maximum length of its replacement. */
function standIn({ prompt, chosen, columns }: TokenizedPair, longest: number): TrainingPair {
  const rejected = new Int32Array(longest).fill(prompt[0]!);
  // The pairs do not exist yet, so their reference log-probabilities are placeholders.
  return { prompt, chosen, rejected, ...(columns && { columns }), reference: { chosen: 0, rejected: 0 } };
}

import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { regularizedValues } from "./regularized-values.js";

/** One of a prompt's candidate responses. */
export interface Candidate {
  /** Its quality: a score from the data, or a judge's. */
  readonly reward: number;
  /**
   * Its log-probability under the policy that generated the candidates, averaged over its tokens, so that long ones are no less
   * likely than short ones.
   */
  readonly meanLogProb: number;
}

/** How candidates are weighted. */
export interface WeightingOptions {
  /** α of the regularization: the larger, the less the rewards are trusted. */
  readonly alpha: number;
  /** Temperature of the softmax: the smaller, the higher the weight of the best candidate. */
  readonly temperature: number;
}

/**
 * Weights of a prompt's candidate responses for supervised fine-tuning: the softmax of their regularized values over the
 * temperature, times the number of candidates, so that the mean weight is 1. The behaviour is the policy that generated them,
 * normalised over the candidates, and the baseline is the mean reward under it.
 *
 * @returns a weight for each candidate, for the column `weight` of its pair
 * @example
 * // Responses of one prompt, which `sft` weights individually; the worst is the rejected one, which it does not read.
 * const weights = candidateWeights(responses.map(({ reward, meanLogProb }) => ({ reward, meanLogProb })), { alpha: 1, temperature: 0.1 });
 * const pairs = responses.map(({ text }, i) => ({ id: `${i}`, prompt, chosen: text, rejected: worst.text, columns: { weight: weights[i]! } }));
 * const run = await train(start, pairs, methods.sft());
 * @throws InputError if there are no candidates, or a number, including a resulting weight, is not finite or outside its range
 */
export function candidateWeights(candidates: readonly Candidate[], options: WeightingOptions): number[] {
  checkOptionNames("candidateWeights", options, ["alpha", "temperature"]);
  const { alpha, temperature } = options;
  if (!Array.isArray(candidates))
    throw new InputError(`candidates: found ${quote(candidates)}, expected a list of { reward, meanLogProb }`);
  if (candidates.length === 0) throw new InputError("no candidates to weigh");
  if (!(isFinite(temperature) && temperature > 0))
    throw new InputError(`temperature: found ${quote(temperature)}, expected a number above 0`);
  const odd = candidates.findIndex((candidate: Partial<Candidate> | null | undefined) =>
    [candidate?.reward, candidate?.meanLogProb].some((value) => !isFinite(value)),
  );
  if (odd >= 0)
    throw new InputError(
      `found the candidate ${quote(candidates[odd])} at ${odd}, expected { reward, meanLogProb } of finite numbers`,
    );
  const behaviour = softmax(candidates.map(({ meanLogProb }) => meanLogProb));
  const targets = candidates.map(({ reward }) => reward);
  const baseline = targets.reduce((sum, reward, i) => sum + behaviour[i]! * reward, 0);
  const values = regularizedValues({ behaviour, targets, baseline }, alpha);
  const weights = softmax(values.map((value) => value / temperature)).map((share) => share * candidates.length);
  if (weights.every(Number.isFinite)) return weights;
  throw new InputError(
    `the weights of rewards from ${Math.min(...targets)} to ${Math.max(...targets)} at the temperature ${temperature} leave float64; scale the rewards, or raise temperature`,
  );
}

const isFinite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

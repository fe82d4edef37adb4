import type { Random } from "../../base/random.js";
import { descending } from "./descending.js";

/** How the next token is drawn from the logits. A token must pass all given limits. */
export interface Sampling {
  /** Divides the logits; 0 takes the most likely token. */
  readonly temperature: number;
  /** Draw only among this many most likely tokens; 0 is no limit. */
  readonly topK: number;
  /** Draw only among the fewest most likely tokens that hold this share of the probability; 1 is no limit. */
  readonly topP: number;
  /** Draw only among tokens at least this fraction as likely as the most likely one; 0 is no limit. */
  readonly minP: number;
  /** Lowers the likelihood of tokens that occur in the prompt and the response so far, if above 1; 1 has no effect. */
  readonly repetitionPenalty: number;
}

/**
 * Returns sampling settings with their defaults: temperature 1, no limits, no penalty.
 *
 * @throws RangeError if a setting is outside its range
 */
export function samplingOf({
  temperature = 1,
  topK = 0,
  topP = 1,
  minP = 0,
  repetitionPenalty = 1,
}: Partial<Sampling>): Sampling {
  if (!(temperature >= 0 && temperature < Infinity))
    throw new RangeError(`temperature is a finite number of at least 0, got ${temperature}`);
  if (!Number.isInteger(topK) || topK < 0) throw new RangeError(`topK is a whole number from 0, got ${topK}`);
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`topP is above 0 and at most 1, got ${topP}`);
  if (!(minP >= 0 && minP <= 1)) throw new RangeError(`minP is from 0 to 1, got ${minP}`);
  if (!(repetitionPenalty > 0 && repetitionPenalty < Infinity)) {
    throw new RangeError(`repetitionPenalty is a finite number above 0, got ${repetitionPenalty}`);
  }
  return { temperature, topK, topP, minP, repetitionPenalty };
}

/** Relative likelihood of each id, in any unit. */
type Likelihoods = Float32Array | Float64Array;

/**
 * Draws a token id. The steps and their order follow transformers: repetition penalty, temperature, top-k, top-p, min-p.
 *
 * @param logits unnormalised, one for each id
 * @param seen ids of the prompt and the response so far; read only if there is a repetition penalty
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  random: Random,
  seen: Iterable<number> = [],
): number {
  const penalized = penalizeRepetition(logits, sampling.repetitionPenalty, seen);
  return sampling.temperature === 0 ? argmax(penalized) : draw(tokenWeights(penalized, sampling), random);
}

/** Below this, logits divided by the temperature could overflow in float32. */
const leastTemperature = 1e-6;

/**
 * Whether {@link drawToken}, which does not need the ids seen so far, can replace {@link sampleToken}. An engine computes the
 * probabilities of all rows in a fraction of the time it takes here.
 */
export function drawsFromProbabilities({ temperature, repetitionPenalty }: Sampling): boolean {
  return temperature >= leastTemperature && repetitionPenalty === 1;
}

/** log p of a token given these logits, in nats, at temperature 1 and without limits. */
export function logProbOf(logits: Float32Array, token: number): number {
  const top = logits[argmax(logits)]!;
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id]! - top);
  return logits[token]! - top - Math.log(sum);
}

/**
 * Draws a token id as {@link sampleToken} does.
 *
 * @param probabilities of each id: the softmax of the logits divided by the temperature
 */
export function drawToken(probabilities: Float32Array, sampling: Sampling, random: Random): number {
  return draw(keepLikely(probabilities, probabilities, sampling), random);
}

/**
 * Divides the positive logits of the ids in `seen` by the penalty, and multiplies the negative ones by it (Keskar et al. 2019,
 * arXiv 1909.05858).
 */
export function penalizeRepetition(logits: Float32Array, penalty: number, seen: Iterable<number>): Float32Array {
  if (penalty === 1) return logits;
  const penalized = logits.slice();
  // Computed from the original logits: an id that is seen twice is penalized once.
  for (const id of seen) penalized[id] = logits[id]! < 0 ? logits[id]! * penalty : logits[id]! / penalty;
  return penalized;
}

/**
 * Relative likelihood of each id, as a fraction of the most likely one's; 0 for ids that temperature, top-k, top-p and min-p rule
 * out.
 *
 * @param sampling with a temperature above 0
 */
export function tokenWeights(logits: Float32Array, sampling: Sampling): Likelihoods {
  const top = logits[argmax(logits)]!;
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < weights.length; id++) weights[id] = Math.exp((logits[id]! - top) / sampling.temperature);
  return keepLikely(weights, logits, sampling);
}

/**
 * Sets the weights of ids that top-k, top-p and min-p rule out to 0.
 *
 * @param order ranks ids: larger is likelier
 */
function keepLikely(weights: Likelihoods, order: Float32Array, { topK, topP, minP }: Sampling): Likelihoods {
  const least = minP > 0 ? minP * weights[argmax(order)]! : 0;
  const left = topK > 0 ? keepMostLikely(order, topK) : order;
  const among = topK > 0 ? weights.map((weight, id) => (left[id] === -Infinity ? 0 : weight)) : weights;
  const nucleus = topP < 1 ? keepNucleus(among, left, topP) : among;
  return minP > 0 ? nucleus.map((weight) => (weight < least ? 0 : weight)) : nucleus;
}

/** Keeps the `topK` largest values of an order and sets the others to −∞. */
function keepMostLikely(order: Float32Array, topK: number): Float32Array {
  const kept = new Float32Array(order.length).fill(-Infinity);
  let count = 0;
  for (const id of descending(order)) {
    if (count++ === topK) break;
    kept[id] = order[id]!;
  }
  return kept;
}

/**
 * Keeps the fewest weights that hold a share of `topP` and sets the others to 0: nucleus sampling (Holtzman et al. 2020, arXiv
 * 1904.09751).
 */
function keepNucleus(weights: Likelihoods, order: Float32Array, topP: number): Likelihoods {
  const kept = new Float64Array(weights.length);
  const enough = topP * total(weights);
  let held = 0;
  for (const id of descending(order)) {
    if (held >= enough) break;
    held += kept[id] = weights[id]!;
  }
  return kept;
}

function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

function draw(weights: Likelihoods, random: Random): number {
  let left = random.uniform() * total(weights);
  let last = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id]!;
    if (left < 0) break;
  }
  return last;
}

function total(weights: Likelihoods): number {
  let sum = 0;
  for (let id = 0; id < weights.length; id++) sum += weights[id]!;
  return sum;
}

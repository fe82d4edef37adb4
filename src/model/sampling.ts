import type { Random } from "../base/random.js";

/** How the next token is drawn from the logits. */
export interface Sampling {
  /** Divides the logits; 0 takes the most likely token. */
  readonly temperature: number;
  /** Draw among this many most likely tokens only; 0 is no limit. */
  readonly topK: number;
  /** Draw among the fewest most likely tokens that hold this share of the probability; 1 is no limit. */
  readonly topP: number;
}

/** @throws RangeError where a setting is outside its range */
export function checkSampling({ temperature, topK, topP }: Sampling): void {
  if (!(temperature >= 0 && temperature < Infinity)) throw new RangeError(`temperature is at least 0, got ${temperature}`);
  if (!Number.isInteger(topK) || topK < 0) throw new RangeError(`topK is a whole number from 0, got ${topK}`);
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`topP is above 0 and at most 1, got ${topP}`);
}

/**
 * Draws a token id: temperature first, then top-k, then top-p (the order of transformers).
 *
 * @param logits unnormalised, one for each id
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, random: Random): number {
  if (sampling.temperature === 0) return argmax(logits);
  const { temperature, topK, topP } = sampling;
  if (topK === 0 && topP === 1) return drawFromAll(logits, temperature, random);
  const kept = nucleus(mostLikely(logits, topK), logits, temperature, topP);
  return drawWeighted(kept.ids, kept.weights, random);
}

function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

function drawFromAll(logits: Float32Array, temperature: number, random: Random): number {
  const top = logits[argmax(logits)]!;
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < logits.length; id++) weights[id] = Math.exp((logits[id]! - top) / temperature);
  return drawWeighted(undefined, weights, random);
}

/** Ids by falling logit, the `topK` first; equal logits in the order of their ids. */
function mostLikely(logits: Float32Array, topK: number): Int32Array {
  const ids = Int32Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  return topK > 0 ? ids.subarray(0, topK) : ids;
}

function nucleus(ids: Int32Array, logits: Float32Array, temperature: number, topP: number) {
  const top = logits[ids[0]!]!;
  const weights = Float64Array.from(ids, (id) => Math.exp((logits[id]! - top) / temperature));
  const enough = topP * weights.reduce((a, b) => a + b, 0);
  let count = 0;
  for (let held = 0; count < ids.length && held < enough; count++) held += weights[count]!;
  return { ids: ids.subarray(0, count), weights: weights.subarray(0, count) };
}

function drawWeighted(ids: Int32Array | undefined, weights: Float64Array, random: Random): number {
  let left = random.uniform() * weights.reduce((a, b) => a + b, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) break;
  }
  return ids ? ids[last]! : last;
}

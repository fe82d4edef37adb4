import type { Random } from "../base/random.js";

/** Tokens at the end of a response that a segment leaves as they are. */
const leastSuffix = 3;

/** Which tokens of a response are written anew: from `start` on, at most `most`. */
export interface Segment {
  readonly start: number;
  readonly most: number;
  /** Whether nothing of the response stays. */
  readonly isWhole: boolean;
}

/** Whether a response is too short for a segment of so many tokens, and is then written anew as a whole. */
export function isRewrittenWhole(length: number, segment: number): boolean {
  return length < segment + leastSuffix;
}

/**
 * Where a response is written anew (SAPO: Yin et al. 2024, arXiv 2405.20830): a segment that begins at random, uniformly
 * among the places that leave at least three tokens after it. Shorter responses are written anew from their first token.
 *
 * @param length of the response, in tokens
 * @param segment how many tokens are written
 */
export function drawSegment(length: number, segment: number, random: Random): Segment {
  if (isRewrittenWhole(length, segment)) return { start: 0, most: segment, isWhole: true };
  return { start: random.integer(length - leastSuffix - segment + 1), most: segment, isWhole: false };
}

/**
 * A response with a segment written anew: what stood before it, what was written, and what stood after it, which is dropped
 * where the writing has ended the response.
 *
 * @param complete whether a token that ends responses ended the writing
 */
export function withSegment(
  response: Int32Array,
  { start, most, isWhole }: Segment,
  written: Int32Array,
  complete: boolean,
): Int32Array {
  const suffix = complete || isWhole ? [] : response.subarray(start + most);
  return Int32Array.from([...response.subarray(0, start), ...written, ...suffix]);
}

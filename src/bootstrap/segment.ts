import type { Random } from "../base/random.js";

/** Minimum number of tokens after a segment that stay unchanged. */
const leastSuffix = 3;

/** The tokens of a response to regenerate: from `start` on, at most `most`. */
export interface Segment {
  readonly start: number;
  readonly most: number;
  /** Whether the whole response is regenerated. */
  readonly isWhole: boolean;
}

/** Returns whether a response is too short for a segment of this length, and is regenerated as a whole. */
export function isRewrittenWhole(length: number, segment: number): boolean {
  return length < segment + leastSuffix;
}

/**
 * Draws the segment of a response to regenerate (SAPO: Yin et al. 2024, arXiv 2405.20830). Its start is uniform among
 * the positions that leave at least three tokens after the segment. Shorter responses are regenerated from their first
 * token.
 *
 * @param length of the response, in tokens
 * @param segment number of generated tokens
 */
export function drawSegment(length: number, segment: number, random: Random): Segment {
  if (isRewrittenWhole(length, segment)) return { start: 0, most: segment, isWhole: true };
  return { start: random.integer(length - leastSuffix - segment + 1), most: segment, isWhole: false };
}

/**
 * Returns a response with a regenerated segment: the tokens before it, the new ones, and the tokens after it, which are
 * dropped if the new ones end the response.
 *
 * @param complete whether a stop token ended generation
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

import type { BatchShape } from "./log-probs.js";

/** A prompt and a response to it as token ids. The boundary between them is fixed here, once. */
export interface TokenSequence {
  readonly prompt: Int32Array;
  readonly response: Int32Array;
}

/** What a batch of sequences feeds to {@link BatchLeaves}. */
export interface SequenceFeeds {
  /** Prompt and response of each row, then padding: [rows, length]. */
  readonly tokens: Int32Array;
  /** Where the token before each response token stands in `tokens`: [completions]. */
  readonly position: Int32Array;
  /** Each response token: [completions]. */
  readonly target: Int32Array;
  /** The row of each response token: [completions]. */
  readonly row: Int32Array;
  /** What each response token counts, 0 for padding: [completions]. */
  readonly weight: Float32Array;
}

/** The exact sizes of a batch; rounding them up lets batches share a program. */
export function exactShape(sequences: readonly TokenSequence[]): BatchShape {
  return {
    rows: sequences.length,
    length: Math.max(...sequences.map(({ prompt, response }) => prompt.length + response.length)),
    completions: sequences.reduce((count, { response }) => count + response.length, 0),
  };
}

/**
 * The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24 … that is not below `size`: few enough steps that
 * batches share programs, close enough that little is padding.
 */
export function roundUp(size: number): number {
  const power = 2 ** Math.ceil(Math.log2(size));
  return power >= 4 && (power * 3) / 4 >= size ? (power * 3) / 4 : power;
}

/**
 * Lays sequences out for a program of the given shape. Fewer rows than the shape has are filled
 * with padding that no sum counts.
 *
 * @param tokenWeight what a response token counts
 * @throws RangeError where the sequences do not fit
 */
export function layOut(
  sequences: readonly TokenSequence[],
  { rows, length, completions }: BatchShape,
  padId: number,
  tokenWeight = 1,
): SequenceFeeds {
  const exact = exactShape(sequences);
  if (exact.rows > rows || exact.length > length || exact.completions > completions) {
    throw new RangeError(`a batch of ${JSON.stringify(exact)} does not fit ${JSON.stringify({ rows, length, completions })}`);
  }
  const tokens = new Int32Array(rows * length).fill(padId);
  const position = new Int32Array(completions);
  const target = new Int32Array(completions);
  const row = new Int32Array(completions);
  const weight = new Float32Array(completions);
  let at = 0;
  sequences.forEach(({ prompt, response }, i) => {
    const start = i * length + prompt.length;
    tokens.set(prompt, i * length);
    tokens.set(response, start);
    target.set(response, at);
    row.fill(i, at, at + response.length);
    weight.fill(tokenWeight, at, at + response.length);
    for (let k = 0; k < response.length; k++) position[at + k] = start + k - 1;
    at += response.length;
  });
  return { tokens, position, target, row, weight };
}

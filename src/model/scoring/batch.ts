import type { BatchShape } from "./log-probs.js";

/** A prompt and its response as token ids. The boundary between them is fixed here, once. */
export interface TokenSequence {
  readonly prompt: Int32Array;
  readonly response: Int32Array;
}

/**
 * A row of a batch: sequences that begin with the same prompt, which is read once, laid out as prompt, response,
 * response … A response attends to the prompt and itself, and has the positions it would have without the others.
 */
export type Row = readonly TokenSequence[];

/** Feeds of a batch of rows for {@link BatchLeaves}; the last two only if rows share prompts. */
export interface RowFeeds {
  /** Prompt and responses of each row, then padding: [rows, length]. */
  readonly tokens: Int32Array;
  /** Index in `tokens` of the token before each response token: [completions]. */
  readonly position: Int32Array;
  /** Each response token: [completions]. */
  readonly target: Int32Array;
  /** The response that each response token belongs to: [completions]. */
  readonly response: Int32Array;
  /** Weight of each response token, 0 for padding: [completions]. */
  readonly weight: Float32Array;
  /** Position of each token in its own sequence: [rows, length]. */
  readonly place?: Int32Array;
  /**
   * The last token of the row that attends to each token: the last of its response, or of the row for prompt tokens:
   * [rows, length].
   */
  readonly visibleUntil?: Int32Array;
}

/** Arranges sequences in rows: one per row, or consecutive ones with the same prompt in one row. */
export function rowsOf(sequences: readonly TokenSequence[], sharePrompts: boolean): Row[] {
  const rows: TokenSequence[][] = [];
  for (const sequence of sequences) {
    const before = rows.at(-1);
    if (sharePrompts && before && samePrompt(before[0]!, sequence)) before.push(sequence);
    else rows.push([sequence]);
  }
  return rows;
}

function samePrompt({ prompt: a }: TokenSequence, { prompt: b }: TokenSequence): boolean {
  return a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
}

/** Tokens of a row, with the prompt counted once. */
export function rowLength(row: Row): number {
  return row.reduce((length, { response }) => length + response.length, row[0]!.prompt.length);
}

/** The exact sizes of a batch; rounding them up lets batches share a program. */
export function exactShape(rows: readonly Row[]): BatchShape {
  return {
    rows: rows.length,
    length: Math.max(...rows.map(rowLength)),
    responses: rows.reduce((count, row) => count + row.length, 0),
    completions: rows.flat().reduce((count, { response }) => count + response.length, 0),
    sharesPrompts: rows.some((row) => row.length > 1),
  };
}

/** The sizes of a program that batches of either size fit. */
export function fittingBoth(a: BatchShape, b: BatchShape): BatchShape {
  const larger = (size: "rows" | "length" | "responses" | "completions") => Math.max(a[size], b[size]);
  return {
    rows: larger("rows"),
    length: larger("length"),
    responses: larger("responses"),
    completions: larger("completions"),
    sharesPrompts: a.sharesPrompts || b.sharesPrompts,
  };
}

/**
 * Rounds up to the next of 1, 2, 3, 4, 6, 8, 12, 16, 24 …: few enough sizes that batches share programs, close enough
 * that there is little padding.
 */
export function roundUp(size: number): number {
  const power = 2 ** Math.ceil(Math.log2(size));
  return power >= 4 && (power * 3) / 4 >= size ? (power * 3) / 4 : power;
}

/**
 * Lays rows out for a program of the given shape. Missing rows are filled with padding, which has weight 0.
 *
 * @param tokenWeight weight of a response token
 * @throws RangeError if the rows do not fit
 */
export function layOut(rows: readonly Row[], shape: BatchShape, padId: number, tokenWeight = 1): RowFeeds {
  const exact = exactShape(rows);
  const sizes = ["rows", "length", "responses", "completions"] as const;
  if (sizes.some((size) => exact[size] > shape[size]) || (exact.sharesPrompts && !shape.sharesPrompts)) {
    throw new RangeError(`a batch of ${JSON.stringify(exact)} does not fit ${JSON.stringify(shape)}`);
  }
  const { length, completions, sharesPrompts } = shape;
  const tokens = new Int32Array(shape.rows * length).fill(padId);
  const place = new Int32Array(tokens.length);
  const visibleUntil = new Int32Array(tokens.length);
  const position = new Int32Array(completions);
  const target = new Int32Array(completions);
  const response = new Int32Array(completions);
  const weight = new Float32Array(completions);
  let number = 0;
  let at = 0;
  const put = (start: number, part: Int32Array, from: number, lastSeen: number) => {
    tokens.set(part, start);
    visibleUntil.fill(lastSeen, start, start + part.length);
    for (let k = 0; k < part.length; k++) place[start + k] = from + k;
  };
  for (const [i, row] of rows.entries()) {
    const { prompt } = row[0]!;
    const begin = i * length;
    put(begin, prompt, 0, length - 1);
    let start = begin + prompt.length;
    for (const { response: own } of row) {
      const next = start + own.length;
      put(start, own, prompt.length, next - 1 - begin);
      target.set(own, at);
      response.fill(number++, at, at + own.length);
      weight.fill(tokenWeight, at, at + own.length);
      // The first response token follows the prompt's last token, whatever lies between them in the row.
      for (let k = 0; k < own.length; k++) position[at + k] = k === 0 ? begin + prompt.length - 1 : start + k - 1;
      at += own.length;
      start = next;
    }
  }
  return { tokens, position, target, response, weight, ...(sharesPrompts && { place, visibleUntil }) };
}

/** Indices of the response tokens themselves in `tokens` as laid out by {@link layOut}, 0 at padding: [completions]. */
export function ownPositions(rows: readonly Row[], { length, completions }: BatchShape): Int32Array {
  const positions = new Int32Array(completions);
  let at = 0;
  for (const [i, row] of rows.entries()) {
    let place = i * length + row[0]!.prompt.length;
    for (const { response } of row) for (let k = 0; k < response.length; k++) positions[at++] = place++;
  }
  return positions;
}

import { isUtf8 } from "node:buffer";
import { errorAt, InputError, inputError, quote, type Place } from "../base/errors.js";
import type { OnBadRow } from "./bad-rows.js";
import { parseWithNumbers } from "./json-numbers.js";
import type { PlacedRow, Row } from "./row.js";

const newline = 0x0a;
const expected = "one JSON object per line";
const ofArray = `a JSON array; expected ${expected} (jq -c '.[]' file.json > file.jsonl turns an array into lines)`;

/**
 * Parses JSON Lines in batches as the bytes arrive; blank lines are skipped. Lines are counted from 1 and split before
 * they are decoded, so that an invalid byte affects only its own line. Batches are parsed lazily, so that rows and bad
 * rows keep their order.
 *
 * @param onBadRow called for a line that is not UTF-8, not JSON, or not an object
 */
export async function* readJsonLines(
  file: string,
  chunks: AsyncIterable<Buffer>,
  onBadRow: OnBadRow,
): AsyncGenerator<Iterable<PlacedRow>> {
  let line = 0;
  let unfinished: Buffer[] = [];
  function* parse(lines: readonly Buffer[]): Generator<PlacedRow> {
    for (const bytes of lines) {
      const place: Place = { file, line: ++line };
      const row = parseLine(bytes, place);
      if (row instanceof Error) onBadRow(row, place);
      else if (row) yield { row, place };
    }
  }
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline);
    if (end === -1) {
      unfinished.push(chunk);
      continue;
    }
    yield parse(splitLines(Buffer.concat([...unfinished, chunk.subarray(0, end)])));
    unfinished = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
  }
  if (unfinished.length > 0) yield parse([Buffer.concat(unfinished)]);
}

/** Splits bytes into lines, without line ends. */
function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  lines.push(bytes.subarray(start));
  return lines;
}

/** Parses a line: its object, an error, or undefined if it is blank. */
function parseLine(bytes: Buffer, place: Place): Row | InputError | undefined {
  if (!isUtf8(bytes)) return errorAt(place, "not valid UTF-8");
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = parseWithNumbers(text, JSON.parse);
  } catch (error) {
    if (place.line === 1 && text.trimStart().startsWith("[")) return errorAt(place, ofArray, error);
    return errorAt(place, `not valid JSON (${(error as SyntaxError).message}); expected ${expected}`, error);
  }
  if (Array.isArray(value) && value.some((item) => typeof item === "object")) return errorAt(place, ofArray);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Row) : inputError(place, quote(value), expected);
}

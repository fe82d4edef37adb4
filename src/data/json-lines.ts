import { isUtf8 } from "node:buffer";
import { errorAt, type InputError, inputError, quote, type Place } from "../base/errors.js";
import { parseForeignJson } from "../base/json.js";
import type { OnBadRow } from "./bad-rows.js";
import { parseWithNumbers } from "./json-numbers.js";
import { lookOfLine } from "./other-files.js";
import type { PlacedRow, Row } from "./row.js";

const newline = 0x0a;
const expected = "one JSON object per line";

/**
 * Maximum number of bytes in a line. A longer line comes from a file of another kind, or from one compressed to exhaust
 * memory.
 */
const longestLine = 16 << 20;

/**
 * Parses JSON Lines in batches as the bytes arrive; blank lines are skipped. Lines are counted from 1 and split before
 * they are decoded, so that an invalid byte affects only its own line. Batches are parsed lazily, so that rows and bad
 * rows keep their order. A line longer than `longest` is discarded.
 *
 * @param onBadRow called for a line that is not UTF-8, not JSON, not an object, nested deeper than
 *   {@link parseForeignJson} reads, or too long
 * @param longest maximum number of bytes in a line
 */
export async function* readJsonLines(
  file: string,
  chunks: AsyncIterable<Buffer>,
  onBadRow: OnBadRow,
  longest = longestLine,
): AsyncGenerator<Iterable<PlacedRow>> {
  let line = 0;
  function* parse(lines: readonly Buffer[]): Generator<PlacedRow> {
    for (const bytes of lines) {
      const place: Place = { file, line: ++line };
      const row =
        bytes.length > longest
          ? errorAt(place, `longer than ${longest} bytes; expected ${expected}`)
          : parseLine(bytes, place);
      if (row instanceof Error) onBadRow(row, place);
      else if (row) yield { row, place };
    }
  }
  let unfinished: Buffer[] = [];
  let size = 0;
  // Whether the rest of an overlong line is still to come.
  let skipping = false;
  for await (const chunk of chunks) {
    const pieces = splitLines(chunk);
    const rest = pieces.pop()!;
    if (pieces.length > 0) {
      const [end, ...lines] = pieces as [Buffer, ...Buffer[]];
      yield parse(skipping ? lines : [Buffer.concat([...unfinished, end]), ...lines]);
      [unfinished, size, skipping] = [[], 0, false];
    }
    if (skipping || rest.length === 0) continue;
    unfinished.push(rest);
    size += rest.length;
    if (size > longest) {
      yield parse([Buffer.concat(unfinished)]);
      [unfinished, size, skipping] = [[], 0, true];
    }
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
    value = parseWithNumbers(text, parseForeignJson);
  } catch (error) {
    const look = place.line === 1 ? lookOfLine(text) : undefined;
    if (look !== undefined) return errorAt(place, `this looks like ${look}; expected ${expected}`, error);
    return errorAt(place, `not valid JSON (${(error as SyntaxError).message}); expected ${expected}`, error);
  }
  if (Array.isArray(value) && value.some((item) => typeof item === "object"))
    return errorAt(place, `this looks like ${lookOfLine(text)}; expected ${expected}`);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Row) : inputError(place, quote(value), expected);
}

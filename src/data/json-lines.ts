import { isUtf8 } from "node:buffer";
import { inputError, quote, type InputError, type Place } from "../base/errors.js";
import type { OnBadRow } from "./bad-rows.js";
import type { PlacedRow, Row } from "./row.js";

const newline = 0x0a;
const expected = "one JSON object a line";

/**
 * The rows of JSON Lines, in batches as the bytes come; blank lines are passed over. Lines are
 * counted from 1 and cut before they are decoded, so that a bad byte costs its own line only.
 * A batch parses its lines while it is walked, so that rows and bad rows keep their order.
 *
 * @param onBadRow is told of a line that is not UTF-8, not JSON, or not an object
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

/** The lines of some bytes, without their ends. */
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

/** The object of a line, the error that it is, or undefined where it is blank. */
function parseLine(bytes: Buffer, place: Place): Row | InputError | undefined {
  if (!isUtf8(bytes)) return inputError(place, "bytes that are not UTF-8", "UTF-8 text");
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return inputError(place, `text that is not JSON (${(error as SyntaxError).message})`, expected, error);
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Row) : inputError(place, quote(value), expected);
}

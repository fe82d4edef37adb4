import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { inputError, quote, type Place } from "../base/errors.js";
import { throwBadRow, type OnBadRow } from "./bad-rows.js";
import { readBytes } from "./bytes.js";
import { readJsonLines } from "./json-lines.js";
import { readParquet } from "./parquet.js";
import type { PlacedRow } from "./row.js";

const expected = "a file of rows: .jsonl, .jsonl.gz or .parquet";

/**
 * The rows of a JSON Lines (plain or gzip) or Parquet file, one after the other; the file is
 * never held as a whole. Gzip and Parquet are told by their first bytes, not by their name.
 *
 * @param onBadRow is told of a row that cannot be read (bad JSON, invalid UTF-8, no object);
 *   without it the first one is thrown
 * @throws {InputError} a missing, empty, truncated or corrupt file, or a directory: whatever
 *   `onBadRow` is, for then the rows that follow are unknown
 */
export async function* readRows(path: string, onBadRow: OnBadRow = throwBadRow): AsyncGenerator<PlacedRow> {
  const { head, size } = await inspect(path);
  const isParquet = head.toString("latin1") === "PAR1";
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (path.endsWith(".parquet") && !isParquet) {
    throw inputError({ file: path }, `a file that begins with ${quote(head.toString("latin1"))}`, 'Parquet ("PAR1")');
  }
  if (path.endsWith(".gz") && !isGzip) {
    throw inputError({ file: path }, "a broken gzip file (no gzip header)", "a whole .gz file");
  }
  let rows = 0;
  const counted: OnBadRow = (error, place) => {
    rows++;
    onBadRow(error, place);
  };
  const source = isParquet ? readParquet(path) : readJsonLines(path, readBytes(path, isGzip, size), counted);
  for await (const batch of source) {
    for (const row of batch) {
      rows++;
      yield row;
    }
  }
  if (rows === 0) throw inputError({ file: path }, "a file without rows", expected);
}

/** The first four bytes and the size of a file that can be read and is not empty. */
async function inspect(path: string): Promise<{ head: Buffer; size: number }> {
  const place: Place = { file: path };
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw inputError(place, error.code === "ENOENT" ? "no such file" : `no way to read it (${error.code})`, expected, error);
  });
  if (stats.isDirectory()) throw inputError(place, "a directory", `${expected}${await filesIn(path)}`);
  if (stats.size === 0) throw inputError(place, "an empty file", expected);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw inputError(place, `no way to read it (${error.code})`, expected, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return { head: buffer.subarray(0, bytesRead), size: stats.size };
  } finally {
    await file.close();
  }
}

/** Names the data files of a directory, so that the message says what to give instead. */
async function filesIn(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => /\.(jsonl|jsonl\.gz|parquet)$/.test(name)).sort();
  if (names.length === 0) return "";
  const shown = names.slice(0, 5).map((name) => join(path, name));
  return ` (give one of ${shown.join(", ")}${names.length > shown.length ? ", …" : ""})`;
}

import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Place, errorAt, missingError, quote } from "../base/errors.js";
import { throwBadRow, type OnBadRow } from "./bad-rows.js";
import { readBytes } from "./bytes.js";
import { readJsonLines } from "./json-lines.js";
import { lookOfBytes } from "./other-files.js";
import { readParquet } from "./parquet.js";
import type { PlacedRow } from "./row.js";

const expected = "expected a .jsonl, .jsonl.gz or .parquet file";

/**
 * Streams the rows of a JSON Lines (plain or gzip) or Parquet file, without loading the whole file. Gzip and Parquet are
 * recognized by their first bytes, not by the file name.
 *
 * @param onBadRow called for a row that cannot be parsed (invalid JSON or UTF-8, not an object); by default the error is thrown
 * @throws {InputError} for a missing, empty, truncated or corrupt file, or a directory, whatever `onBadRow` is, because
 *   the following rows are then unknown
 */
export async function* readRows(path: string, onBadRow: OnBadRow = throwBadRow): AsyncGenerator<PlacedRow> {
  const { head, size } = await inspect(path);
  const isParquet = head.toString("latin1", 0, 4) === "PAR1";
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (path.endsWith(".parquet") && !isParquet) {
    throw errorAt(
      { file: path },
      `not a Parquet file: it begins with ${quote(head.toString("latin1", 0, 4))}, not "PAR1"`,
    );
  }
  if (path.endsWith(".gz") && !isGzip) {
    throw errorAt({ file: path }, "not a gzip file (no gzip header); remove .gz from its name, or compress it");
  }
  const look = lookOfBytes(head);
  if (look !== undefined) throw errorAt({ file: path }, `this looks like ${look}; ${expected}`);
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
  if (rows === 0) throw errorAt({ file: path }, "the file has no rows");
}

/** Checks that a file is readable and not empty; returns its first bytes and its size. */
async function inspect(path: string): Promise<{ head: Buffer; size: number }> {
  const place: Place = { file: path };
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT"
      ? missingError(path, "file", expected, error)
      : errorAt(place, `cannot be read (${error.code})`, error);
  });
  if (stats.isDirectory()) throw errorAt(place, `this is a folder; ${expected}${await filesIn(path)}`);
  if (stats.size === 0) throw errorAt(place, `the file is empty; ${expected}`);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw errorAt(place, `cannot be read (${error.code})`, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return { head: buffer.subarray(0, bytesRead), size: stats.size };
  } finally {
    await file.close();
  }
}

/** Names the data files in a folder, to suggest one in the error. */
async function filesIn(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => /\.(jsonl|jsonl\.gz|parquet)$/.test(name)).sort();
  if (names.length === 0) return "";
  const shown = names.slice(0, 5).map((name) => join(path, name));
  return ` such as ${shown.join(", ")}${names.length > shown.length ? ", …" : ""}`;
}

import { isUtf8 } from "node:buffer";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { errorAt } from "../base/errors.js";
import type { PlacedRow, Row } from "./row.js";

/** Invalid UTF-8 is kept as bytes, so that the error can name the row and field. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => (bytes && isUtf8(bytes) ? Buffer.from(bytes).toString("utf8") : bytes),
};

/**
 * Reads the rows of a Parquet file (any codec), one row group at a time; rows are counted from 0. 64-bit integers become
 * numbers, or text if a number would round them.
 *
 * @throws {InputError} for a truncated file, or a damaged footer or row group
 */
export async function* readParquet(path: string): AsyncGenerator<Iterable<PlacedRow>> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: Error) => {
    throw errorAt({ file: path }, `truncated or damaged Parquet file (${error.message}); download or create it again`, error);
  });
  const grouped = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (grouped !== Number(metadata.num_rows)) {
    throw errorAt({ file: path }, `damaged Parquet file: its footer has ${metadata.num_rows} rows, its row groups ${grouped}`);
  }
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, compressors, parsers, rowStart, rowEnd }).catch(
      (error: Error) => {
        throw errorAt({ file: path }, `damaged Parquet row group, rows ${rowStart} to ${rowEnd - 1} (${error.message})`, error);
      },
    );
    yield rows.map((row, index) => ({ row: withoutBigInts(row) as Row, place: { file: path, row: rowStart + index } }));
    rowStart = rowEnd;
  }
}

/** The value as JSON would hold it: a 64-bit integer becomes a number, or its digits if a number would round it. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutBigInts(field)]));
}

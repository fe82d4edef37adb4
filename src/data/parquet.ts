import { isUtf8 } from "node:buffer";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { inputError } from "../base/errors.js";
import type { PlacedRow, Row } from "./row.js";

/** Text that is not UTF-8 stays bytes, so that the reader of the field can name its row. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => (bytes && isUtf8(bytes) ? Buffer.from(bytes).toString("utf8") : bytes),
};

/**
 * The rows of a Parquet file (any codec), a row group at a time; rows are counted from 0. 64-bit
 * integers become numbers, or text where a number would round them.
 *
 * @throws {InputError} a truncated file, or a damaged footer or row group
 */
export async function* readParquet(path: string): AsyncGenerator<Iterable<PlacedRow>> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: Error) => {
    throw inputError({ file: path }, `a truncated or damaged Parquet file (${error.message})`, "a whole Parquet file", error);
  });
  const grouped = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (grouped !== Number(metadata.num_rows)) {
    throw inputError({ file: path }, `a footer of ${metadata.num_rows} rows with ${grouped} in its row groups`, "a whole Parquet file");
  }
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, compressors, parsers, rowStart, rowEnd }).catch(
      (error: Error) => {
        const found = `a damaged row group of rows ${rowStart} to ${rowEnd - 1} (${error.message})`;
        throw inputError({ file: path }, found, "a whole Parquet file", error);
      },
    );
    yield rows.map((row, index) => ({ row: withoutBigInts(row) as Row, place: { file: path, row: rowStart + index } }));
    rowStart = rowEnd;
  }
}

/** The value as JSON would have it: a 64-bit integer is a number, or its digits where a number would round it. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutBigInts(field)]));
}

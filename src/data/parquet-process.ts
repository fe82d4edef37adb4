import { isUtf8 } from "node:buffer";
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type FileMetaData,
  type SchemaTree,
} from "hyparquet";
import { markedNumber } from "./json-numbers.js";

/*
 * Reads the Parquet file that it is started with and sends one batch for each message that it receives. It runs in a
 * separate process because a damaged or hostile file can make any reader of the format use unlimited time or memory,
 * and V8 may abort the whole process when a thread runs out of memory.
 */

/** Consecutive rows, the end of the file, or what is wrong with the file. */
export type ParquetBatch =
  | { readonly rows: readonly unknown[] }
  | { readonly end: true }
  | { readonly problem: string };

/** Rows per batch. */
const batchSize = 1000;

/** Invalid UTF-8 is kept as bytes, so that the error can name the row and field. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => (bytes && isUtf8(bytes) ? Buffer.from(bytes).toString("utf8") : bytes),
};

const send = (batch: ParquetBatch) => void process.send!(batch);
const fail = (error: unknown) =>
  send({ problem: `damaged Parquet file (${(error as Error).message}); download or create it again` });

const batches = read(process.argv[2]!);
process.on("message", () => void batches.next().then(({ value }) => send(value ?? { end: true }), fail));
// The library leaves some rejections unhandled.
process.on("unhandledRejection", fail);

async function* read(path: string): AsyncGenerator<ParquetBatch> {
  // Some codecs need memory that may not be available; hyparquet itself includes Snappy.
  const compressors = await import("hyparquet-compressors").then((codecs) => codecs.compressors).catch(() => ({}));
  const file = await asyncBufferFromFile(path);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    yield { problem: `truncated or damaged Parquet file (${(error as Error).message}); download or create it again` };
    return;
  }
  const rows = Number(metadata.num_rows);
  const grouped = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!(Number.isSafeInteger(rows) && rows === grouped)) {
    yield { problem: `damaged Parquet file: its footer has ${rows} rows, its row groups ${grouped}` };
    return;
  }
  const columns = new Map(parquetSchema(metadata).children.map((column) => [column.element.name, column]));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    let read: unknown[];
    try {
      read = (await parquetReadObjects({ file, metadata, compressors, parsers, rowStart, rowEnd })).map((row) =>
        rowAsJson(row, columns),
      );
    } catch (error) {
      yield { problem: `damaged Parquet row group, rows ${rowStart} to ${rowEnd - 1} (${(error as Error).message})` };
      return;
    }
    for (let at = 0; at < read.length; at += batchSize) yield { rows: read.slice(at, at + batchSize) };
    rowStart = rowEnd;
  }
}

/** Converts a row to JSON values: a 64-bit integer becomes a number, or its digits if a number would round it. */
function rowAsJson(
  row: Readonly<Record<string, unknown>>,
  columns: ReadonlyMap<string, SchemaTree>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === "bigint") return [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)];
      return [name, nested(value, columns.get(name))];
    }),
  );
}

/**
 * Converts a value within a column. Marks numbers whose JavaScript value does not distinguish a float from an integer,
 * for the chat template. Omits null fields: if one struct of a list has a field, a table fills it with null in all
 * others.
 *
 * @param type type of the value
 */
function nested(value: unknown, type: SchemaTree | undefined): unknown {
  if (typeof value === "bigint") return markedNumber(String(value));
  if (typeof value === "number")
    return isFloat(type) && Number.isInteger(value) ? markedNumber(floatText(value)) : value;
  if (Array.isArray(value)) return value.map((item) => nested(item, itemType(type)));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const given = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [name, nested(field, fieldType(type, name))]));
}

function isFloat(type: SchemaTree | undefined): boolean {
  const physical = type?.element.type;
  return physical === "DOUBLE" || physical === "FLOAT" || type?.element.logical_type?.type === "FLOAT16";
}

/** Writes a whole float with its decimal point or exponent. */
function floatText(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes("e") ? text : `${text}.0`;
}

/** The type of a list's items: the child of the repeated group, or the repeated field itself. */
function itemType(list: SchemaTree | undefined): SchemaTree | undefined {
  const repeated = list?.element.repetition_type === "REPEATED" ? list : list?.children[0];
  return repeated?.children.length === 1 && repeated !== list ? repeated.children[0] : repeated;
}

/** The type of a struct's field, or of a map's values. */
function fieldType(type: SchemaTree | undefined, name: string): SchemaTree | undefined {
  if (type?.element.converted_type === "MAP") return type.children[0]?.children[1];
  return type?.children.find(({ element }) => element.name === name);
}

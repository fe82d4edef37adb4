import { InputError, quote } from "../../base/errors.js";

/** A table as read: rows by number, in display order. */
export interface TableSource {
  readonly rows: number;
  readonly columns: readonly SourceColumn[];
  /** A note on the table in addition to its size (`grouped by source`). */
  readonly note?: string;
}

/** One column of a {@link TableSource}. */
export interface SourceColumn {
  readonly name: string;
  at(row: number): unknown;
}

/**
 * An Arquero table, recognized by its shape: a notebook may use another copy of Arquero than this library, so checking
 * its class would not work.
 */
export interface ArqueroTable {
  numRows(): number;
  columnNames(): string[];
  /** Reads a column; rows are numbered after filtering and ordering. */
  getter(name: string): (row: number) => unknown;
  groups?(): { readonly names: readonly string[] } | null | undefined;
}

/** A danfojs DataFrame or Series, recognized by its shape. */
export interface DanfoFrame {
  /** 1 for a Series. */
  readonly ndim: number;
  readonly shape: readonly number[];
  readonly columns: readonly string[];
  readonly dtypes: readonly string[];
  readonly index: readonly (string | number)[];
  /** Row by row; for a Series, its values. */
  readonly values: readonly unknown[];
}

/** Rows as plain objects; a field that a row does not have is shown as missing. */
export type TableRows = readonly object[];

/** Values that can be shown as a table. */
export type TableInput = ArqueroTable | DanfoFrame | TableRows;

/** Whether a value is a table by itself; plain rows count as a table only if one is requested. */
export function isTable(value: unknown): value is ArqueroTable | DanfoFrame {
  return isArqueroTable(value) || isDanfoFrame(value);
}

/**
 * Reads a table of any kind.
 *
 * @throws InputError if the value is not a table
 */
export function tableSource(table: TableInput): TableSource {
  if (isArqueroTable(table)) return arqueroSource(table);
  if (isDanfoFrame(table)) return danfoSource(table);
  if (Array.isArray(table) && table.every(isRow)) return rowsSource(table);
  const expected = "an Arquero table, a danfojs DataFrame or Series, or an array of objects";
  throw new InputError(`table: found ${quote(table)}, expected ${expected}`);
}

function isArqueroTable(value: unknown): value is ArqueroTable {
  return hasAll(value, ["numRows", "columnNames", "getter"], (part) => typeof part === "function");
}

/** Whether a value is a danfojs DataFrame or Series. */
export function isDanfoFrame(value: unknown): value is DanfoFrame {
  return hasAll(value, ["shape", "columns", "dtypes", "index", "values"], Array.isArray);
}

function hasAll(value: unknown, names: readonly string[], check: (part: unknown) => boolean): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    names.every((name) => check((value as Record<string, unknown>)[name]))
  );
}

function isRow(row: unknown): boolean {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}

function arqueroSource(table: ArqueroTable): TableSource {
  const columns = table.columnNames().map((name) => ({ name, at: table.getter(name) }));
  const groups = table.groups?.()?.names;
  return { rows: table.numRows(), columns, ...(groups && { note: `grouped by ${groups.join(", ")}` }) };
}

function danfoSource(frame: DanfoFrame): TableSource {
  const { columns: names, index, values, shape, ndim } = frame;
  const columns =
    ndim === 1
      ? [{ name: names[0] ?? "0", at: (row: number) => values[row] }]
      : names.map((name, i) => ({ name, at: (row: number) => (values[row] as readonly unknown[])[i] }));
  // The default index of danfojs is the row number, which carries no information.
  const labelled = index.some((label, row) => label !== row);
  return {
    rows: shape[0] ?? 0,
    columns: [...(labelled ? [{ name: "index", at: (row: number) => index[row] }] : []), ...columns],
  };
}

function rowsSource(rows: readonly object[]): TableSource {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return {
    rows: rows.length,
    columns: [...names].map((name) => ({ name, at: (row) => (rows[row] as Record<string, unknown>)[name] })),
  };
}

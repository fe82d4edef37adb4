import { InputError, quote } from "../base/errors.js";
import type { Rows, RunTables } from "./rows.js";

type RowOf<Table extends keyof RunTables> = RunTables[Table] extends Rows<infer Row> ? Row : never;

/** Input of a plot: the rows of a table, or a run that has the table. */
export type Source<Table extends keyof RunTables, Row = RowOf<Table>> =
  | Rows<Row>
  | { readonly [Name in Table]: Rows<Row> };

/** One source, or several by name, drawn on top of each other. */
export type Sources<Table extends keyof RunTables, Row = RowOf<Table>> =
  | Source<Table, Row>
  | Readonly<Record<string, Source<Table, Row>>>;

/**
 * The rows of a source.
 *
 * @param plot name of the plot, for the error
 * @throws InputError if the source is neither rows nor a run with such a table
 */
export function rowsFrom<Table extends keyof RunTables, Row = RowOf<Table>>(
  plot: string,
  table: Table,
  source: Source<Table, Row>,
): readonly Row[] {
  const rows: unknown = isRows(source) || !isObject(source) ? source : source[table];
  if (!isRows(rows)) {
    throw new InputError(`plot.${plot}: found ${quote(source)}, expected rows, or a run with a table \`${table}\``);
  }
  return rowsOf<Row>(rows as Rows<Row>);
}

/**
 * The rows of each source by its name; a single source has the name "".
 *
 * @throws InputError as {@link rowsFrom}
 */
export function namedRowsFrom<Table extends keyof RunTables, Row = RowOf<Table>>(
  plot: string,
  table: Table,
  sources: Sources<Table, Row>,
): (readonly [name: string, rows: readonly Row[]])[] {
  const several = isObject(sources) && !isRows(sources) && !(table in sources);
  return Object.entries(several ? sources : { "": sources }).map(([name, source]) => [
    name,
    rowsFrom<Table, Row>(plot, table, source as Source<Table, Row>),
  ]);
}

/** The rows as an array. */
export function rowsOf<Row>(rows: Rows<Row>): readonly Row[] {
  return "objects" in rows ? (rows.objects() as Row[]) : rows;
}

/** Whether the source is rows itself, rather than an object that has them. */
export function isRows(source: unknown): source is Rows<unknown> {
  return Array.isArray(source) || (isObject(source) && typeof source["objects"] === "function");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

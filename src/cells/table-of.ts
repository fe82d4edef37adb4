import { table, type ColumnTable } from "arquero";

/** Rows as a table with every column that any of them has; Arquero's own `from` goes by the first row. */
export function tableOf(rows: readonly object[]): ColumnTable {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(names.map((name) => [name, rows.map((row) => (row as Record<string, unknown>)[name])]));
}

import { table, type ColumnTable } from "arquero";
import { shownTable } from "../notebook/table/pages.js";
import { tableSource } from "../notebook/table/source.js";
import { tableText } from "../notebook/table/text.js";

/** Rows as a table with every column that any of them has; Arquero's own `from` goes by the first row. */
export function tableOf(rows: readonly object[]): ColumnTable {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(names.map((name) => [name, rows.map((row) => (row as Record<string, unknown>)[name])]));
}

/** The first rows of a table as text, as `console.log` shows what is a table in a cell. */
export function textOf(rows: ColumnTable, title: string): string {
  return tableText(shownTable(tableSource(rows), 1, 20), title);
}

/** A review's row as a table shows it, where a column called `prompt` would be taken for the prompt's text. */
export function withPromptId<Row extends { readonly prompt: string }>(
  row: Row,
): Omit<Row, "prompt"> & { readonly promptId: string } {
  const renamed = Object.entries(row).map(([name, value]) => [name === "prompt" ? "promptId" : name, value]);
  return Object.fromEntries(renamed) as Omit<Row, "prompt"> & { readonly promptId: string };
}

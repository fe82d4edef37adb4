import { table, type ColumnTable } from "arquero";
import { shownTable } from "../notebook/table/pages.js";
import { tableSource } from "../notebook/table/source.js";
import { tableText } from "../notebook/table/text.js";

/** Builds a table with the columns of all rows; Arquero's `from` uses only those of the first row. */
export function tableOf(rows: readonly object[]): ColumnTable {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(names.map((name) => [name, rows.map((row) => (row as Record<string, unknown>)[name])]));
}

/** Returns the first rows of a table as text, for `console.log` of an object that a cell shows as a table. */
export function textOf(rows: ColumnTable, title: string): string {
  return tableText(shownTable(tableSource(rows), 1, 20), title);
}

/** Renames a review row's `prompt` to `promptId`, since tables show a column called `prompt` as the prompt's text. */
export function withPromptId<Row extends { readonly prompt: string }>(
  row: Row,
): Omit<Row, "prompt"> & { readonly promptId: string } {
  const renamed = Object.entries(row).map(([name, value]) => [name === "prompt" ? "promptId" : name, value]);
  return Object.fromEntries(renamed) as Omit<Row, "prompt"> & { readonly promptId: string };
}

import { InputError, quote } from "../../base/errors.js";
import { displaySymbol, type Displayable } from "../../base/mime.js";
import { checkOptionNames, namesOf } from "../../base/option-names.js";
import { tableHtml } from "./html.js";
import { mostRows, shownTable } from "./pages.js";
import { tableSource, type TableInput } from "./source.js";
import { tableText } from "./text.js";

/** Options of {@link showTable}. */
export interface TableView {
  /** The first page to show, counted from 1 (default 1); the following pages and the last one can be opened. */
  readonly page?: number;
  /** Rows per page, 1 to 1,000. Default 20. */
  readonly pageSize?: number;
  /** Heading above the table. */
  readonly title?: string;
}

/**
 * Displays a table in a cell: column names and types, one number format per column, and pages. Long texts are cut, with
 * the full text in a tooltip. One output contains at most ten pages, 1,000 rows and 50 columns; use `page` for later
 * pages.
 *
 * @param table an Arquero table, a danfojs DataFrame or Series, or rows as plain objects
 * @throws InputError if the value is not a table, or has no such page
 * @example showTable(run.margins, { page: 3, title: "Margins" })
 */
export function showTable(table: TableInput, view: TableView = {}): Displayable {
  checkOptionNames("showTable", view, namesOf<TableView>({ page: true, pageSize: true, title: true }));
  const { page = 1, pageSize = 20, title } = view;
  const source = tableSource(table);
  if (!isWhole(pageSize, mostRows))
    throw new InputError(`pageSize: found ${quote(pageSize)}, expected a whole number from 1 to ${mostRows}`);
  const pages = Math.max(1, Math.ceil(source.rows / pageSize));
  if (!isWhole(page, pages))
    throw new InputError(`page: found ${quote(page)}, expected a whole number from 1 to ${pages}`);
  return {
    [displaySymbol]() {
      const shown = shownTable(source, page, pageSize);
      return { "text/html": tableHtml(shown, title), "text/plain": tableText(shown, title) };
    },
  };
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

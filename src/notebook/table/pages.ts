import { shownColumn, type ShownColumn } from "./column.js";
import type { TableSource } from "./source.js";

/** Maximum number of pages in one output, including the last page of the table. */
const mostPages = 10;
/** Maximum number of rows in one output; more would bloat a notebook. */
export const mostRows = 1000;
/** Maximum number of columns in one output. */
const mostColumns = 50;
/** Number of cell characters in one output beyond which no further page is added. */
const mostCharacters = 200_000;

/** Rows shown together. */
export interface Page {
  /** 1-based. */
  readonly number: number;
  /** Rows of the table, 0-based, end exclusive. */
  readonly from: number;
  readonly to: number;
  /** Index of its first cell in the shown columns. */
  readonly start: number;
}

/** The part of a table in one output. */
export interface ShownTable {
  readonly columns: readonly ShownColumn[];
  /** Pages in order; the first is open. */
  readonly pages: readonly Page[];
  /** Number of rows in the whole table. */
  readonly rows: number;
  readonly columnCount: number;
  /** Names of columns without any value, which are omitted. */
  readonly empty: readonly string[];
  readonly note?: string;
}

/**
 * Selects the part of a table for one output: the requested page, those after it, and the last one.
 *
 * @param page 1-based number of the open page
 */
export function shownTable({ rows, columns: all, note }: TableSource, page: number, pageSize: number): ShownTable {
  const pageCount = Math.max(1, Math.ceil(rows / pageSize));
  const isEmpty = ({ at }: TableSource["columns"][number]) => {
    for (let row = 0; row < rows; row++) if (at(row) != null) return false;
    return rows > 0;
  };
  const found = all.filter(isEmpty);
  const empty = found.length < all.length ? found : [];
  const columns = all.filter((column) => !empty.includes(column)).slice(0, mostColumns);
  const valuesOf = ({ from, to }: Page) =>
    columns.map(({ at }) => Array.from({ length: to - from }, (_, i) => at(from + i)));
  const pages: Page[] = [];
  const values: unknown[][] = columns.map(() => []);
  let characters = 0;
  const limit = Math.min(mostPages, Math.floor(mostRows / pageSize));
  for (const number of pageNumbers(page, pageCount, limit)) {
    const from = (number - 1) * pageSize;
    const next = {
      number,
      from,
      to: Math.min(from + pageSize, rows),
      start: pages.reduce((sum, page) => sum + page.to - page.from, 0),
    };
    const cells = valuesOf(next);
    characters += sizeOf(cells);
    if (pages.length > 0 && characters > mostCharacters) break;
    pages.push(next);
    cells.forEach((column, i) => values[i]!.push(...column));
  }
  return {
    columns: columns.map(({ name }, i) => shownColumn(name, values[i]!)),
    pages,
    rows,
    columnCount: all.length,
    empty: empty.map(({ name }) => name),
    ...(note && { note }),
  };
}

/** Numbers of the first page and those after it; the last of them is replaced by the table's last page. */
function pageNumbers(first: number, count: number, limit: number): number[] {
  const numbers = Array.from({ length: Math.min(limit, count - first + 1) }, (_, i) => first + i);
  return numbers.length > 1 ? [...numbers.slice(0, -1), count] : numbers;
}

/** Estimates the total length of the cells without formatting them. */
function sizeOf(columns: readonly (readonly unknown[])[]): number {
  const size = (value: unknown) => (typeof value === "string" ? Math.min(value.length, 500) : 10);
  return columns.reduce((sum, column) => sum + column.reduce<number>((a, value) => a + size(value) + 10, 0), 0);
}

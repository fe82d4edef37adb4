import { caption } from "./caption.js";
import { isNumeric, type ShownColumn } from "./column.js";
import type { ShownTable } from "./pages.js";

/** Maximum number of rows in the text form, used by consoles and logs. */
const mostRows = 10;
/** Maximum characters per line; columns beyond it are omitted. */
const width = 120;
const gap = "  ";

/** Formats the first rows of the open page as aligned text. */
export function tableText(table: ShownTable, title?: string): string {
  const { from, to, start } = table.pages[0]!;
  const count = Math.min(mostRows, to - from);
  const texts = table.columns.map((column) => aligned(column, start, count));
  const columns = fitting(texts);
  const lines = Array.from({ length: count + 2 }, (_, i) =>
    columns
      .map((column) => column[i]!)
      .join(gap)
      .trimEnd(),
  );
  const below = caption(table, { from, to: from + count }, columns.length);
  return [...(title ? [title] : []), ...(columns.length > 0 ? lines : []), below].join("\n");
}

/** Name, rule and cells of a column, padded to one width. */
function aligned({ name, type, cells }: ShownColumn, start: number, count: number): string[] {
  const shown = [name, ...cells.slice(start, start + count).map(({ text }) => text)];
  const widest = Math.max(...shown.map(lengthOf));
  const pad = (text: string) => {
    const room = " ".repeat(widest - lengthOf(text));
    return isNumeric(type) ? room + text : text + room;
  };
  const [head, ...rest] = shown.map(pad);
  return [head!, "─".repeat(widest), ...rest];
}

/** The first columns that fit on a line; always at least one. */
function fitting(columns: readonly string[][]): string[][] {
  let used = -gap.length;
  return columns.filter((column, i) => (used += gap.length + lengthOf(column[0]!)) <= width || i === 0);
}

function lengthOf(text: string): number {
  return [...text].length;
}

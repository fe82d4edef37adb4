import { counted, grouped } from "../../base/counted.js";
import type { Page, ShownTable } from "./pages.js";

/**
 * The caption below a page: `2,000 rows × 7 columns · rows 21–40`.
 *
 * @param columns number of columns shown
 */
export function caption(
  { rows, columnCount, empty, note }: ShownTable,
  { from, to }: Pick<Page, "from" | "to">,
  columns: number,
): string {
  const parts = [
    `${counted(rows, "row")} × ${counted(columnCount, "column")}`,
    ...(note ? [note] : []),
    ...(to - from < rows ? [`${to - from === 1 ? "row" : "rows"} ${range(from, to)}`] : []),
    ...(empty.length > 0 ? [`without values: ${empty.join(", ")}`] : []),
    ...(columns < columnCount - empty.length ? [`the first ${counted(columns, "column")}`] : []),
  ];
  return parts.join(" · ");
}

function range(from: number, to: number): string {
  return to - from === 1 ? grouped(to) : `${grouped(from + 1)}–${grouped(to)}`;
}

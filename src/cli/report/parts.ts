import type { TopLevelSpec } from "vega-lite";
import { Html, html } from "../../base/html.js";
import { renderSvg } from "../../plot/render-svg.js";
import { pageTheme } from "../../plot/theme.js";
import type { Interval } from "../../stats/interval.js";

/** Text of a cell without a value. */
export const nothing = "—";

/** Formats a number with a fixed number of decimals and a true minus sign. */
export function decimals(value: number | null | undefined, places: number): string {
  return value == null ? nothing : value.toFixed(places).replace("-", "−");
}

/** Formats a share as a percentage with one decimal. */
export function percent(value: number | null | undefined): string {
  return value == null ? nothing : `${(100 * value).toFixed(1)} %`;
}

/** Formats a count with thousands separators. */
export function count(value: number | null | undefined): string {
  return value == null ? nothing : value.toLocaleString("en-US");
}

/** Renders a mean and, fainter, its interval. */
export function meanWithInterval(value: Interval | null | undefined, show: (value: number) => string): Html {
  if (value == null) return html`${nothing}`;
  return html`${show(value.mean)} <span class="interval">[${show(value.low)}, ${show(value.high)}]</span>`;
}

/** A column of a table: its heading and the cell of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Html | string;
  /** Whether the row has a value here; a column without any value is omitted. */
  readonly has: (row: Row) => boolean;
}

/** Renders a table whose first column names the row. */
export function table<Row>(
  heading: string,
  name: (row: Row) => string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Html {
  const shown = columns.filter((column) => rows.some(column.has));
  return html`<div class="scroll"><table>
<thead><tr><th>${heading}</th>${shown.map((column) => html`<th class="number">${column.heading}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (
    row,
  ) => html`<tr><th>${name(row)}</th>${shown.map((column) => html`<td class="number">${column.cell(row)}</td>`)}</tr>
`,
)}</tbody>
</table></div>`;
}

/** Renders plots side by side, in the page's own text colour. */
export async function figures(specs: readonly TopLevelSpec[]): Promise<Html> {
  const drawn = await Promise.all(specs.map((spec) => renderSvg({ ...spec, config: pageTheme })));
  return html`<div class="plots">${drawn.map((svg) => html`<figure>${new Html(svg)}</figure>`)}</div>`;
}

/** Renders a text from the data or a model under a label, preserving line breaks. */
export function labelledText(label: string, text: string): Html {
  return html`<div><div class="label">${label}</div><p class="text">${text === "" ? "(empty)" : text}</p></div>`;
}

import type { TopLevelSpec } from "vega-lite";
import { Html, html } from "../../base/html.js";
import { renderSvg } from "../../plot/render-svg.js";
import { pageTheme } from "../../plot/theme.js";
import type { Interval } from "../../stats/interval.js";

/** What a cell without a value shows. */
export const nothing = "—";

/** A number with so many decimals, and a minus sign that is one. */
export function decimals(value: number | null | undefined, places: number): string {
  return value == null ? nothing : value.toFixed(places).replace("-", "−");
}

/** A share as a percentage with one decimal. */
export function percent(value: number | null | undefined): string {
  return value == null ? nothing : `${(100 * value).toFixed(1)} %`;
}

/** A count with its thousands set apart. */
export function count(value: number | null | undefined): string {
  return value == null ? nothing : value.toLocaleString("en-US");
}

/** A mean and, fainter, its interval. */
export function meanWithInterval(value: Interval | null | undefined, show: (value: number) => string): Html {
  if (value == null) return html`${nothing}`;
  return html`${show(value.mean)} <span class="interval">[${show(value.low)}, ${show(value.high)}]</span>`;
}

/** A column of a table: its heading and the cell of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Html | string;
  /** Whether the row has a value here; a column in which none has is left out. */
  readonly has: (row: Row) => boolean;
}

/** A table whose first column names the row. */
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

/** The plots side by side, drawn in the page's own ink. */
export async function figures(specs: readonly TopLevelSpec[]): Promise<Html> {
  const drawn = await Promise.all(specs.map((spec) => renderSvg({ ...spec, config: pageTheme })));
  return html`<div class="plots">${drawn.map((svg) => html`<figure>${new Html(svg)}</figure>`)}</div>`;
}

/** A text of the data or of a model under a label, its line breaks kept. */
export function labelledText(label: string, text: string): Html {
  return html`<div><div class="label">${label}</div><p class="text">${text === "" ? "(empty)" : text}</p></div>`;
}

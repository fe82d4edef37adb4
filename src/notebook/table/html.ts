import { Html, html } from "../../base/html.js";
import { faint, heading } from "../look.js";
import { caption } from "./caption.js";
import { isNumeric, type ColumnType, type ShownColumn } from "./column.js";
import type { Page, ShownTable } from "./pages.js";

/**
 * Renders the table in HTML without a script. Radio buttons and a style sheet switch pages. If a front end removes
 * style sheets (as JupyterLab does in an untrusted notebook), the open page still shows and the others stay hidden by
 * their attribute.
 */
export function tableHtml(table: ShownTable, title?: string): string {
  const pages = table.pages.map(
    (page, i) =>
      html`${label(table, i)}<section style="overflow-x:auto"${i === 0 ? null : hidden}>${pageHtml(table, page)}</section>`,
  );
  // Radio buttons in different forms are separate groups, so two outputs cannot share group names. A form with this
  // method never submits anything.
  return html`<div class="sera-table">${style}${title && html`<div style="${heading}">${title}</div>`}<form method="dialog">${pages}</form></div>`
    .markup;
}

/** Has a value because JupyterLab drops this attribute if it is empty. */
const hidden = new Html(' hidden="hidden"');

function label({ pages }: ShownTable, i: number): Html | null {
  if (pages.length === 1) return null;
  const { number } = pages[i]!;
  const gap = i > 0 && number > pages[i - 1]!.number + 1 ? html`<i${hidden}>…</i>` : null;
  const checked = new Html(i === 0 ? " checked" : "");
  return html`${gap}<label${hidden}><input type="radio" name="page"${checked}>${number.toLocaleString("en-US")}</label>`;
}

function pageHtml(table: ShownTable, page: Page): Html {
  const { columns } = table;
  const rows = Array.from(
    { length: page.to - page.from },
    (_, i) => html`<tr>${columns.map((column) => body(column, page.start + i))}</tr>`,
  );
  const top = html`<thead><tr>${columns.map(head)}</tr></thead>`;
  return html`<table>${top}<tbody>${rows}</tbody></table><div style="${faint}">${caption(table, page, columns.length)}</div>`;
}

function head({ name, type }: ShownColumn): Html {
  return html`<th${side(type)}>${name}<br><small>${type}</small></th>`;
}

function body({ type, cells }: ShownColumn, at: number): Html {
  const { text, full, missing } = cells[at]!;
  const tooltip = full === undefined ? null : html` title="${full}"`;
  return html`<td${side(type)}${tooltip}>${missing ? html`<span style="opacity:0.4">${text}</span>` : text}</td>`;
}

/**
 * Right alignment comes from JupyterLab or, elsewhere, from the style sheet; other columns set their own alignment and
 * stay on one line.
 */
function side(type: ColumnType): Html | null {
  return isNumeric(type) ? null : new Html(' style="text-align:left;white-space:nowrap"');
}

/** The class is repeated three times to outweigh JupyterLab's own rules for outputs. */
const cells = ".sera-table.sera-table.sera-table";
const style = new Html(`<style>
.sera-table form{display:flex;flex-wrap:wrap;align-items:center;margin:0}
.sera-table section{order:-1;flex:0 0 100%;margin-bottom:4px}
.sera-table label+section{display:none}
.sera-table label:has(:checked)+section{display:block}
.sera-table label,.sera-table i{display:block;padding:1px 8px;font-size:12px;font-style:normal;opacity:.65}
.sera-table label{position:relative;cursor:pointer;border-radius:4px;font-variant-numeric:tabular-nums}
.sera-table label:hover{opacity:1;background:rgba(128,128,128,.12)}
.sera-table label:has(:checked){opacity:1;font-weight:600;background:rgba(128,128,128,.2)}
.sera-table label:has(:focus-visible){outline:2px solid #56B4E9}
.sera-table input{position:absolute;inset:0;margin:0;opacity:0;cursor:pointer}
${cells} table{width:auto;margin:0 0 4px;border-collapse:collapse;border:0;font-size:13px;font-variant-numeric:tabular-nums}
${cells} tr{background:none;border:0}
${cells} tbody tr:hover{background:rgba(128,128,128,.1)}
${cells} :is(th,td){padding:3px 18px 3px 0;text-align:right;vertical-align:baseline;white-space:nowrap;border:0;line-height:1.4}
${cells} td{border-bottom:1px solid rgba(128,128,128,.18)}
${cells} th{border-bottom:1px solid rgba(128,128,128,.6);font-weight:600}
${cells} small{font-size:11px;font-weight:400;opacity:.6}
</style>`);

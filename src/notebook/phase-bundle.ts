import { html, type Html } from "../base/html.js";
import { palette } from "../plot/theme.js";
import type { Phase } from "../progress/phase.js";
import type { MimeBundle } from "../base/mime.js";

const line = "font-size:13px;line-height:1.5;font-variant-numeric:tabular-nums";
const track =
  "display:inline-block;width:120px;height:8px;margin:0 8px;border-radius:4px;background-color:rgba(128,128,128,0.25)";
const fill = `display:block;height:8px;border-radius:4px;background-color:${palette.blue}`;
const textBar = 20;

/** A running phase: progress bar, progress, figures and the time left. */
export function workingBundle(phase: Phase): MimeBundle {
  const { label, done, total } = phase;
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const facts = [
    ...phase.count,
    `${Math.floor(100 * share)} %`,
    ...phase.meanwhile,
    ...phase.metrics,
    `${phase.elapsed} elapsed`,
    ...phase.left,
  ];
  const filled = Math.round(textBar * share);
  return {
    "text/html":
      html`<div style="${line}"><b>${label}</b><span style="${track}"><span style="${fill};width:${(100 * share).toFixed(1)}%"></span></span>${unbroken(facts)}</div>`
        .markup,
    "text/plain": `${label}  ${"█".repeat(filled)}${"░".repeat(textBar - filled)}  ${facts.join(" · ")}`,
  };
}

/** A finished phase, in one line; an incomplete one states where it stopped. */
export function lastBundle(phase: Phase, text: string | undefined): MimeBundle {
  const { label, done, total, elapsed } = phase;
  const whole = done >= total;
  const count = whole
    ? phase.outcome
    : ["stopped", ...phase.count.map((at) => `at ${at}`), `after ${elapsed}`].join(" ");
  const facts = [count, ...phase.metrics, ...(text ? [text] : [])];
  const sign = whole ? "✓" : "■";
  return {
    "text/html": html`<div style="${line}">${sign} <b>${label}</b> · ${unbroken(facts)}</div>`.markup,
    "text/plain": `${sign} ${label} · ${facts.join(" · ")}`,
  };
}

/** A line of text between phases. */
export function noteBundle(text: string): MimeBundle {
  return { "text/html": html`<div style="${line};opacity:0.7">${text}</div>`.markup, "text/plain": text };
}

/** Facts that do not break within themselves if the line is too long for the cell. */
function unbroken(facts: readonly string[]): Html[] {
  return facts.map((fact, i) => html`${i > 0 ? " · " : ""}<span style="white-space:nowrap">${fact}</span>`);
}

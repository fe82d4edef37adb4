import { Html, html } from "../../base/html.js";

const style = new Html(`
:root {
  color-scheme: light dark;
  --ink: #1f2328; --faint: #59636e; --ground: #ffffff; --panel: #f6f8fa; --edge: #d8dee4; --accent: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --faint: #9aa4af; --ground: #14171b; --panel: #1c2026; --edge: #343b44; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1080px; padding: 40px 24px 64px;
  background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif;
}
h1 { margin: 0 0 8px; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 44px 0 12px; padding-top: 16px; border-top: 1px solid var(--edge); font-size: 19px; }
h3 { margin: 24px 0 8px; font-size: 15px; }
p { max-width: 72ch; margin: 0 0 12px; }
.lead { font-size: 17px; }
.note { color: var(--faint); font-size: 13px; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 24px; margin: 16px 0 24px; }
.facts dt { color: var(--faint); font-size: 12px; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--edge); text-align: left; vertical-align: top; }
th { color: var(--faint); font-weight: 500; font-size: 13px; }
th.number, td.number { padding: 7px 0 7px 16px; text-align: right; white-space: nowrap; }
tbody th { color: var(--ink); font-weight: 600; white-space: nowrap; }
.interval { display: block; color: var(--faint); font-size: 12px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 28px 24px; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; max-width: 100%; height: auto; }
.example { margin: 0 0 16px; padding: 14px 16px; border: 1px solid var(--edge); border-radius: 8px; background: var(--panel); }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 12px 20px; margin-top: 10px; }
.label { color: var(--faint); font-size: 12px; }
.text { margin: 2px 0 0; max-width: none; white-space: pre-wrap; overflow-wrap: anywhere; }
.config td { overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 13px; }
@media print { h2, figure, .example { break-inside: avoid; } }
`);

/**
 * Renders a self-contained page: its style is inline, it runs no script and fetches nothing, and its content security
 * policy forbids both to any text that it shows.
 */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`.markup;
}

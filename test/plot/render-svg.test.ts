import assert from "node:assert/strict";
import { it } from "node:test";
import { renderSvg } from "../../src/plot/render-svg.js";
import { pageTheme, withTheme } from "../../src/plot/theme.js";
import { winRates } from "../../src/plot/win-rates.js";

const rows = [{ name: "<b>SeRA</b> & co", mean: 0.6, low: 0.5, high: 0.7 }];

it("text from the data is escaped", async () => {
  const svg = await renderSvg(winRates(rows));
  assert.match(svg, /&lt;b&gt;SeRA&lt;\/b&gt; &amp; co/);
  assert.doesNotMatch(svg, /<b>/);
});

it("the same specification gives the same bytes", async () => {
  assert.equal(await renderSvg(winRates(rows)), await renderSvg(winRates(rows)));
});

it("in a page, the SVG uses the page's text colour and has no ids", async () => {
  const svg = await renderSvg(withTheme(winRates(rows), pageTheme));
  assert.match(svg, /currentColor/);
  assert.doesNotMatch(svg, /\sid="|#000|black/);
});

it("leaves room for labels in the widest common font", async () => {
  const widthOf = async (name: string) =>
    Number(/width="(\d+)"/.exec(await renderSvg(winRates([{ ...rows[0]!, name }])))![1]);
  // In DejaVu Sans at 12 px, as Chromium measures it.
  assert.ok((await widthOf("iterative DPO, judge")) - (await widthOf("")) > 121.2);
});

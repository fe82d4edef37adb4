import assert from "node:assert/strict";
import { it } from "node:test";
import { accuracy, loss } from "../../src/plot/over-steps.js";
import { renderSvg } from "../../src/plot/render-svg.js";
import { darkTheme, withTheme } from "../../src/plot/theme.js";
import { alignSteps } from "./rows.js";

const steps = alignSteps(1, 6, 0.1);

it("composed plots share one theme at any depth", async () => {
  const together = {
    vconcat: [
      loss(steps),
      { hconcat: [accuracy(steps), { data: { values: [] }, facet: { field: "a" }, spec: loss(steps) }] },
    ],
  };
  const spec = withTheme(together, darkTheme);
  const text = JSON.stringify(spec);
  assert.equal(text.match(/"config"/g)!.length, 1);
  assert.equal(text.match(/"\$schema"/g)!.length, 1);
  const svg = await renderSvg(withTheme({ hconcat: [loss(steps), accuracy(steps)] }, darkTheme));
  assert.match(svg, /#111111/);
  assert.doesNotMatch(svg, /#1f2328|#ffffff/i);
});

it("the given specification is not changed", () => {
  const spec = loss(steps);
  const before = structuredClone(spec);
  withTheme({ hconcat: [spec] }, darkTheme);
  assert.deepEqual(spec, before);
});

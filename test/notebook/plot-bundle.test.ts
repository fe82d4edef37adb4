import assert from "node:assert/strict";
import { it } from "node:test";
import { renderSvg } from "../../src/plot/render-svg.js";
import { darkTheme, lightTheme, withTheme } from "../../src/plot/theme.js";
import { isSpecification, plotBundle, type Specification } from "../../src/notebook/plot-bundle.js";

const schema = (library: string, version: string) => `https://vega.github.io/schema/${library}/${version}.json`;
const bars = { data: { values: [{ x: 1 }] }, mark: "bar", encoding: { x: { field: "x", type: "quantitative" } } };

it("a plot is sent as live Vega-Lite v5, as an SVG and as its title", async () => {
  for (const version of ["v5", "v6", "v6.4.3"]) {
    const bundle = await plotBundle({
      ...bars,
      title: { text: ["Bars", "of one"] },
      $schema: schema("vega-lite", version),
    });
    assert.deepEqual(
      (bundle["application/vnd.vegalite.v5+json"] as { $schema: string }).$schema,
      schema("vega-lite", "v5"),
    );
    assert.match(bundle["image/svg+xml"] as string, /^<svg.*<\/svg>$/s);
    assert.equal(bundle["text/plain"], "Bars of one (Vega-Lite plot)");
  }
});

it("a plot in the library's theme takes the front end's colours live, and a white background in the SVG", async () => {
  const live = async (config: object) => {
    const bundle = await plotBundle(withTheme(bars, config) as Specification);
    return { spec: bundle["application/vnd.vegalite.v5+json"] as { config: object }, svg: bundle["image/svg+xml"] };
  };
  const { spec, svg } = await live(lightTheme);
  const text = JSON.stringify(spec.config);
  assert.doesNotMatch(text, /background"|#1f2328|#ffffff|labelColor|titleColor/);
  assert.match(text, /luminance\(background\)/);
  assert.match(svg as string, /#ffffff/);
  // As in JupyterLab's dark theme: its own colours, overridden by what the plot sets.
  const dark = { background: "#333", style: { "guide-label": { fill: "#fff" }, "guide-title": { fill: "#fff" } } };
  const labelled = { ...bars, layer: [{ mark: "bar" }, { mark: "text", encoding: { text: { value: "here" } } }] };
  const { mark: _, ...layered } = labelled;
  const drawn = await renderSvg(withTheme(layered, { ...dark, ...(spec.config as object) }));
  assert.match(drawn, /fill="#333"/);
  assert.match(drawn, /fill="white"[^>]*>here</);
  assert.deepEqual((await live(darkTheme)).spec.config, darkTheme, "a chosen theme is kept");
});

it("a Vega specification is rendered as Vega", async () => {
  const rect = { type: "rect", encode: { enter: { width: { value: 5 }, height: { value: 5 } } } };
  const bundle = await plotBundle({ $schema: schema("vega", "v6"), width: 10, height: 10, marks: [rect] } as never);
  assert.deepEqual(Object.keys(bundle), ["application/vnd.vega.v5+json", "image/svg+xml", "text/plain"]);
  assert.equal((bundle["application/vnd.vega.v5+json"] as { $schema: string }).$schema, schema("vega", "v5"));
  assert.match(bundle["image/svg+xml"] as string, /M0,0h5v5h-5Z/);
  assert.equal(bundle["text/plain"], "Vega plot");
});

it("a plot that cannot be rendered is sent without the SVG, with the reason", async () => {
  const bundle = await plotBundle({ title: "T", $schema: schema("vega-lite", "v5"), mark: 3 } as never);
  assert.deepEqual(Object.keys(bundle), ["application/vnd.vegalite.v5+json", "text/plain"]);
  assert.match(bundle["text/plain"] as string, /^T \(Vega-Lite plot\): ./);
});

it("other objects are not plots", () => {
  assert.ok(isSpecification({ $schema: schema("vega-lite", "v5") }));
  for (const other of [
    null,
    "x",
    {},
    { $schema: 5 },
    { $schema: "https://json-schema.org/draft/2020-12/schema" },
    { $schema: schema("vega-lite", "v4") },
  ]) {
    assert.equal(isSpecification(other), false);
  }
});

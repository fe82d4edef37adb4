import type { Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import { widestText } from "./text-width.js";

/**
 * Renders a Vega-Lite specification as an SVG document, without a browser or canvas. The drawing libraries are loaded on
 * the first call.
 *
 * @param spec a `TopLevelSpec`, or one written without the type
 * @throws Error from Vega-Lite if the specification is invalid
 */
export async function renderSvg(spec: object): Promise<string> {
  const { compile } = await import("vega-lite");
  return renderVegaSvg(compile(spec as TopLevelSpec).spec);
}

/**
 * Renders a Vega specification in the same way as {@link renderSvg}.
 *
 * @throws Error from Vega if the specification is invalid
 */
export async function renderVegaSvg(spec: Spec): Promise<string> {
  const vega = await import("vega");
  // Without a canvas Vega guesses 0.8 em per character, half as wide again as real text, which
  // displaces legends and axis titles. Its typings omit this object.
  const { textMetrics } = vega as unknown as { textMetrics: { width: typeof widestText } };
  textMetrics.width = widestText;
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

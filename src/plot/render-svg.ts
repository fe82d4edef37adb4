import type { Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "./text-width.js";

/**
 * Draws a Vega-Lite specification as an SVG document, without a browser or a canvas.
 *
 * The drawing libraries are loaded at the first call, so that a program that draws nothing does
 * not wait for them.
 *
 * @throws Error from Vega-Lite where the specification is not one
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const { compile } = await import("vega-lite");
  return renderVegaSvg(compile(spec).spec);
}

/**
 * Draws a Vega specification in the same way.
 *
 * @throws Error from Vega where the specification is not one
 */
export async function renderVegaSvg(spec: Spec): Promise<string> {
  const vega = await import("vega");
  // Vega's own guess without a canvas (0.8 em a character) is half as wide again as real text and
  // tears legends and axis titles away from what they belong to. Its typings leave this object out.
  const { textMetrics } = vega as unknown as { textMetrics: { width: typeof textWidth } };
  textMetrics.width = textWidth;
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

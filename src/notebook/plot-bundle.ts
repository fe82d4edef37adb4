import { isDeepStrictEqual } from "node:util";
import type { Spec } from "vega";
import { renderSvg, renderVegaSvg } from "../plot/render-svg.js";
import { lightTheme, frontEndTheme } from "../plot/theme.js";
import type { MimeBundle } from "../base/mime.js";

/** A plot specification; its `$schema` names its library. */
export interface Specification {
  readonly $schema: string;
  readonly title?: unknown;
  readonly config?: unknown;
}

/** Newest major versions that JupyterLab 4 draws; it does not draw later ones, but most v6 specifications are valid v5. */
const dialects = {
  "vega-lite": {
    name: "Vega-Lite plot",
    media: "application/vnd.vegalite.v5+json",
    schema: "https://vega.github.io/schema/vega-lite/v5.json",
  },
  vega: {
    name: "Vega plot",
    media: "application/vnd.vega.v5+json",
    schema: "https://vega.github.io/schema/vega/v5.json",
  },
} as const;

/** Whether a value is a Vega-Lite or Vega specification of version 5 or 6, or without a version. */
export function isSpecification(value: unknown): value is Specification {
  return (
    typeof value === "object" && value !== null && dialectOf((value as Partial<Specification>).$schema) !== undefined
  );
}

/**
 * Bundles a plot that the front end draws live, an SVG for viewers that draw nothing, and its title. A specification
 * that cannot be rendered here is sent without the SVG, with the reason in the text: the front end may still draw it,
 * or explain more.
 */
export async function plotBundle(spec: Specification): Promise<MimeBundle> {
  const dialect = dialectOf(spec.$schema)!;
  const { name, media, schema } = dialects[dialect];
  const title = titleOf(spec.title);
  const text = title ? `${title} (${name})` : name;
  const bundle = { [media]: { ...onPage(spec), $schema: schema } };
  try {
    const svg = await (dialect === "vega" ? renderVegaSvg(spec as Spec) : renderSvg(spec));
    return { ...bundle, "image/svg+xml": svg, "text/plain": text };
  } catch (error) {
    return { ...bundle, "text/plain": `${text}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * Gives a plot in the library's theme the colours of the front end's own theme, light or dark. The SVG keeps its white
 * background, because what is behind an image is unknown.
 */
function onPage(spec: Specification): Specification {
  return isDeepStrictEqual(spec.config, lightTheme) ? { ...spec, config: frontEndTheme } : spec;
}

function dialectOf(schema: unknown): keyof typeof dialects | undefined {
  if (typeof schema !== "string") return undefined;
  return /\/schema\/(vega|vega-lite)\/v[56](?:\.[\d.]+)?\.json#?$/.exec(schema)?.[1] as
    | keyof typeof dialects
    | undefined;
}

/** Reads a title, which is a text, a list of lines, or an object with either. */
function titleOf(title: unknown): string {
  if (typeof title === "string") return title;
  if (Array.isArray(title)) return title.join(" ");
  return typeof title === "object" && title !== null && "text" in title ? titleOf(title.text) : "";
}

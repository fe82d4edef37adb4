import type { TopLevelSpec } from "vega-lite";
import type { Config } from "vega-lite/types_unstable/config.js";
import { schema } from "./frame.js";

/**
 * Okabe and Ito's colours for series, distinguishable with every common colour vision and on light and dark
 * backgrounds; black and yellow are left out, because each vanishes on one of these. Source: Okabe & Ito, "Color
 * Universal Design" (2008).
 */
export const palette = {
  blue: "#0072B2",
  vermillion: "#D55E00",
  green: "#009E73",
  purple: "#CC79A7",
  orange: "#E69F00",
  sky: "#56B4E9",
} as const;

/** Diverging colours, distinguishable with every common colour vision (ColorBrewer's PuOr and RdBu). */
const diverging = ["#b35806", "#f1a340", "#f7f7f7", "#67a9cf", "#2166ac"] as const;

const font = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

/**
 * The theme of all plots. Only the foreground and background colours differ between a light and a dark theme; grid, ticks
 * and labels are the foreground colour at lower opacity.
 *
 * @param ink colour of text, axes and rules; `currentColor` takes it from the page around the SVG
 * @param ground background colour
 * @returns the `config` of a specification
 * @example const sepia = withTheme(loss(run), theme("#433422", "#f4ecd8"));
 */
export function theme(ink: string, ground: string): Config {
  return {
    background: ground,
    font,
    padding: 8,
    view: { stroke: null },
    range: { category: Object.values(palette), heatmap: { scheme: "viridis" }, diverging: [...diverging] },
    mark: { color: palette.blue },
    rule: { color: ink },
    text: { color: ink, fontSize: 11 },
    line: { strokeWidth: 2, strokeCap: "round", strokeJoin: "round" },
    title: {
      anchor: "start",
      frame: "group",
      color: ink,
      fontSize: 14,
      fontWeight: 600,
      offset: 12,
      subtitleColor: ink,
      subtitleFontSize: 11,
      subtitlePadding: 4,
    },
    axis: {
      labelColor: ink,
      labelOpacity: 0.75,
      labelFontSize: 11,
      labelLimit: 0,
      // Flush labels at the ends of an axis would run into their neighbours.
      labelFlush: false,
      titleColor: ink,
      titleFontSize: 11,
      titleFontWeight: 400,
      titlePadding: 8,
      gridColor: ink,
      gridOpacity: 0.12,
      domainColor: ink,
      domainOpacity: 0.4,
      tickColor: ink,
      tickOpacity: 0.4,
      tickSize: 4,
    },
    axisX: { grid: false },
    axisY: { domain: false, ticks: false, labelPadding: 6 },
    header: {
      labelColor: ink,
      labelFontSize: 11,
      labelPadding: 6,
      titleColor: ink,
      titleFontSize: 11,
      titleFontWeight: 400,
    },
    legend: {
      orient: "top",
      direction: "horizontal",
      labelColor: ink,
      labelFontSize: 11,
      labelLimit: 0,
      title: null,
      titleColor: ink,
      titleFontSize: 11,
      titleFontWeight: 400,
      symbolType: "circle",
      symbolSize: 70,
      symbolOpacity: 1,
      columnPadding: 16,
      offset: 4,
    },
  };
}

/** Dark on white: the default `config` of all plots. */
export const lightTheme: Config = theme("#1f2328", "#ffffff");

/** Light on near black, like JupyterLab's dark theme. */
export const darkTheme: Config = theme("#e6e6e6", "#111111");

/**
 * Theme for plots that a notebook's front end draws, in the colours of that front end's own plot theme, which is dark
 * if the front end is. (A transparent background would be legible only in a front end with such a theme.)
 */
export const frontEndTheme: Config = uncoloured(theme("#888888", ""));

/** Removes a theme's text and background colours; lines keep theirs, which must be legible on light and dark. */
function uncoloured({ background: _, title, axis, header, legend, text, ...rest }: Config): Config {
  const withoutText = <Part extends object>(part: Part | undefined) =>
    Object.fromEntries(
      Object.entries(part ?? {}).filter(([key]) => !/^(?:color|(?:label|title|subtitle)Color)$/.test(key)),
    ) as Part;
  return {
    ...rest,
    title: withoutText(title),
    axis: withoutText(axis),
    header: withoutText(header),
    legend: withoutText(legend),
    // Front-end themes colour labels, but not text marks.
    text: { ...text, color: { expr: "luminance(background) < 0.5 ? 'white' : 'black'" } },
  };
}

/** For an SVG inside a page: the page's text colour on a transparent background. */
export const pageTheme: Config = theme("currentColor", "transparent");

/**
 * Replaces the `config` of a specification by a theme. The parts of a composed specification (`concat`, `hconcat`,
 * `vconcat`, `layer`) lose their own `config`, which Vega-Lite does not allow there.
 *
 * @example withTheme({ hconcat: [loss(run), accuracy(run)] }, darkTheme)
 */
export function withTheme(spec: object, config: Config): TopLevelSpec {
  return { $schema: schema, ...bare(spec), config } as TopLevelSpec;
}

/** Removes top-level properties from a specification and its parts. */
function bare(spec: object): object {
  const { $schema: _, config: __, ...rest } = spec as { $schema?: unknown; config?: unknown };
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      if (Array.isArray(value) && ["concat", "hconcat", "vconcat", "layer"].includes(key))
        return [key, value.map(bare)];
      return [key, key === "spec" ? bare(value as object) : value];
    }),
  );
}

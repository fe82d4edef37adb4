import type { Config } from "vega-lite/types_unstable/config.js";

/**
 * Okabe and Ito's colours for series, told apart with every common colour vision and on light and
 * dark grounds; their black and yellow are left out, because each vanishes on one of the two.
 * Source: Okabe & Ito, "Color Universal Design" (2008).
 */
export const palette = {
  blue: "#0072B2",
  vermillion: "#D55E00",
  green: "#009E73",
  purple: "#CC79A7",
  orange: "#E69F00",
  sky: "#56B4E9",
} as const;

const font = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

/**
 * The look of every plot: only the ink and the ground change between a light and a dark one. What
 * recedes (grid, ticks, labels) is the same ink made fainter, so that it recedes on both.
 *
 * @param ink colour of text, axes and rules; `currentColor` takes it from the page around the SVG
 * @param ground colour behind the plot
 * @returns the `config` of a specification
 * @example const dark = { ...lossCurve(rows), config: theme("#e6e6e6", "#16191d") };
 */
export function theme(ink: string, ground: string): Config {
  return {
    background: ground,
    font,
    padding: 8,
    view: { stroke: null },
    range: { category: Object.values(palette) },
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
    header: { labelColor: ink, labelFontSize: 11, titleColor: ink, titleFontSize: 11, titleFontWeight: 400 },
    legend: {
      orient: "top",
      direction: "horizontal",
      labelColor: ink,
      labelFontSize: 11,
      labelLimit: 0,
      title: null,
      symbolType: "circle",
      symbolSize: 70,
      symbolOpacity: 1,
      columnPadding: 16,
      offset: 4,
    },
  };
}

/** Dark ink on white: what every plot of this folder carries as its `config`. */
export const lightTheme = theme("#1f2328", "#ffffff");

/** For an SVG inside a page: the page's own colour of text, whichever it is, on the page's ground. */
export const pageTheme = theme("currentColor", "transparent");

import type { TopLevelSpec } from "vega-lite";
import { schema, width } from "./frame.js";
import { panelsBy } from "./panels.js";
import { lightTheme } from "./theme.js";

/** A panel: what stands above it, and what it is drawn from, its bins and a place that is marked. */
export interface HistogramPanel {
  readonly heading: string;
  readonly rows: readonly object[];
}

interface Histogram {
  readonly title: string;
  readonly subtitle: string | readonly string[];
  /** The field that names a row's panel. */
  readonly by: string;
  readonly panels: readonly HistogramPanel[];
  /** Of one panel, in pixels. */
  readonly height: number;
  /** What is counted in bins, with its unit. */
  readonly measure: string;
  /** The field of a bar's height. */
  readonly counted: string;
  /** What the bars are encoded by beside their place. */
  readonly bars: object;
  /** Further properties of the axis of bins. */
  readonly x?: object;
  /** The field of the place that a line marks, and what it tells. */
  readonly marked: { readonly field: string; readonly title: string; readonly format: string };
  /** Layers between the bars and the line. */
  readonly between?: readonly object[];
}

/** Histograms below each other, on the same bins. All rows are one table, because a panel gets its share of this table alone. */
export function histogramPanels(histogram: Histogram): TopLevelSpec {
  const { title, subtitle, by, panels, height, measure, counted, bars, x, marked, between = [] } = histogram;
  const spec: object = {
    $schema: schema,
    description: title,
    title: { text: title, subtitle },
    data: { values: panels.flatMap(({ rows }) => rows) },
    facet: panelsBy(by, panels.map(({ heading }) => heading)),
    spacing: 14,
    spec: {
      width,
      height,
      layer: [
        {
          transform: [{ filter: `isValid(datum.${counted})` }],
          mark: { type: "bar", binSpacing: 1 },
          encoding: {
            x: { field: "from", bin: { binned: true }, type: "quantitative", title: measure, axis: { grid: false }, ...x },
            x2: { field: "to" },
            ...bars,
          },
        },
        ...between,
        {
          transform: [{ filter: `isValid(datum.${marked.field})` }],
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: {
            x: { field: marked.field, type: "quantitative" },
            tooltip: [{ field: marked.field, type: "quantitative", title: marked.title, format: marked.format }],
          },
        },
      ],
    },
    config: lightTheme,
  };
  return spec as TopLevelSpec;
}

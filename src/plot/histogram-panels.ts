import type { TopLevelSpec } from "vega-lite";
import { schema, width } from "./frame.js";
import { panelsBy } from "./panels.js";
import { lightTheme } from "./theme.js";

/** A panel: its heading, its rows of bins, and a marked position. */
export interface HistogramPanel {
  readonly heading: string;
  readonly rows: readonly object[];
}

interface Histogram {
  readonly title: string;
  readonly subtitle: string | readonly string[];
  /** The field that assigns a row to a panel. */
  readonly by: string;
  readonly panels: readonly HistogramPanel[];
  /** Height of one panel in pixels. */
  readonly height: number;
  /** The binned quantity, with its unit. */
  readonly measure: string;
  /** The field with the height of a bar. */
  readonly counted: string;
  /** Encodings of the bars other than position. */
  readonly bars: object;
  /** Further properties of the bins' axis. */
  readonly x?: object;
  /** The field with the position of the marker line, and its tooltip. */
  readonly marked: { readonly field: string; readonly title: string; readonly format: string };
  /** Layers between the bars and the line. */
  readonly between?: readonly object[];
}

/** Stacked histogram panels on common bins. All layers share one table, because a facet sees only its part of that table. */
export function histogramPanels(histogram: Histogram): TopLevelSpec {
  const { title, subtitle, by, panels, height, measure, counted, bars, x, marked, between = [] } = histogram;
  const spec: object = {
    $schema: schema,
    description: title,
    title: { text: title, subtitle },
    data: { values: panels.flatMap(({ rows }) => rows) },
    facet: panelsBy(
      by,
      panels.map(({ heading }) => heading),
    ),
    spacing: 14,
    spec: {
      width,
      height,
      layer: [
        {
          transform: [{ filter: `isValid(datum.${counted})` }],
          mark: { type: "bar", binSpacing: 1 },
          encoding: {
            x: {
              field: "from",
              bin: { binned: true },
              type: "quantitative",
              title: measure,
              axis: { grid: false },
              ...x,
            },
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

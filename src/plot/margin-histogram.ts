import { op, table } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { rowsOf, type MarginRow, type Rows } from "./rows.js";
import { schema } from "./schema.js";
import { lightTheme, palette } from "./theme.js";

const MOST_BINS = 50;
/** Least width of a bin in nats: far below what float32 tells apart, and far above where widths underflow. */
const LEAST_WIDTH = 1e-6;

/** Distribution of the ensembled margins of the reviewed pairs, kept and dropped, a panel an iteration. */
export function marginHistogram(rows: Rows<MarginRow>): TopLevelSpec {
  const title = "Margins of the reviewed pairs";
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "log-ratio of chosen less that of rejected, mean over the last two policies" },
    data: { values: countBins(rowsOf(rows)) },
    facet: {
      row: {
        field: "review",
        type: "nominal",
        title: null,
        sort: null,
        header: { labelAngle: 0, labelAlign: "left", labelOrient: "top", labelAnchor: "start" },
      },
    },
    spacing: 14,
    spec: {
      width: 420,
      height: 90,
      layer: [
        {
          mark: { type: "bar", binSpacing: 1 },
          encoding: {
            x: {
              field: "from",
              bin: { binned: true },
              type: "quantitative",
              title: "margin (nats)",
              axis: { grid: false },
            },
            x2: { field: "to" },
            y: { field: "pairs", type: "quantitative", title: "pairs", stack: "zero", axis: { tickCount: 3, format: "~s" } },
            color: {
              field: "selection",
              type: "nominal",
              scale: { domain: ["kept", "dropped"], range: [palette.blue, palette.orange] },
            },
            order: { field: "selection", type: "nominal", sort: "descending" },
          },
        },
        {
          data: { values: [{}] },
          mark: { type: "rule", opacity: 0.5, strokeDash: [5, 4] },
          encoding: { x: { datum: 0, type: "quantitative" } },
        },
      ],
    },
    config: lightTheme,
  };
}

interface Bin {
  readonly review: string;
  readonly selection: "kept" | "dropped";
  /** Least margin of the bin, in nats; the bin ends before `to`. */
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
}

/** Counts on bins that all iterations share, so that the panels compare. */
function countBins(rows: readonly MarginRow[]): Bin[] {
  if (rows.length === 0) return [];
  const margins = table({ margin: rows.map((row) => row.ensemble) });
  const bins = margins.rollup({ bins: op.bins("margin", MOST_BINS, true, LEAST_WIDTH) }).get("bins", 0);
  const [least, , step] = bins as [number, number, number];
  const counts = new Map<string, { row: MarginRow; index: number; pairs: number }>();
  for (const row of rows) {
    const index = Math.floor((row.ensemble - least) / step);
    const key = `${row.iteration} ${row.kept} ${index}`;
    const count = counts.get(key) ?? { row, index, pairs: 0 };
    count.pairs += 1;
    counts.set(key, count);
  }
  return [...counts.values()]
    .sort((a, b) => a.row.iteration - b.row.iteration || a.index - b.index || Number(b.row.kept) - Number(a.row.kept))
    .map(({ row, index, pairs }) => ({
      review: `before iteration ${row.iteration}`,
      selection: row.kept ? "kept" : "dropped",
      from: edge(least + index * step),
      to: edge(least + (index + 1) * step),
      pairs,
    }));
}

/** The edge of a bin without the noise of binary fractions (0.30000000000000004). */
function edge(value: number): number {
  return Number(value.toPrecision(12));
}

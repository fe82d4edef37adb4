import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import type { Interval } from "../stats/interval.js";
import { schema, width } from "./frame.js";
import { intervalLayers } from "./interval-layers.js";
import { legendOf, seriesColours } from "./legend.js";
import type { Rows } from "./rows.js";
import { rowsOf } from "./source.js";
import { lightTheme } from "./theme.js";

/** A mean of a series at one value of the swept setting. */
export interface SweepRow extends Interval {
  readonly series: string;
  readonly x: number;
}

/** Titles and d3 formats of a sweep. */
export interface SweepTitles {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xFormat?: string;
  readonly yFormat?: string;
}

/**
 * Means with 95 % intervals over a setting (noise, share, γ …), one line per series.
 *
 * @throws InputError if there are no rows
 * @example sweep(rows, { title: "Gold reward under label noise", xTitle: "flipped labels", yTitle: "gold reward", xFormat: ".0%" })
 */
export function sweep(source: Rows<SweepRow>, titles: SweepTitles): TopLevelSpec {
  checkOptionNames(
    "plot.sweep",
    titles,
    namesOf<SweepTitles>({ title: true, xTitle: true, yTitle: true, xFormat: true, yFormat: true }),
  );
  const { title, xTitle, yTitle, xFormat = "~g", yFormat = ".2~f" } = titles;
  const rows = rowsOf(source);
  if (rows.length === 0) throw new InputError("plot.sweep: no rows to draw");
  const names = [...new Set(rows.map(({ series }) => series))];
  const settings = [...new Set(rows.map(({ x }) => x))].sort((a, b) => a - b);
  // Side by side, so that intervals at one setting do not overlap.
  const beside = (0.05 * (settings.at(-1)! - settings[0]! || 1)) / names.length;
  const values = rows.map(({ series, x, mean, low, high }) => ({
    ...{ series, x, mean, low, high },
    position: x + beside * (names.indexOf(series) - (names.length - 1) / 2),
  }));
  const colour = {
    ...{ field: "series", type: "nominal" as const, legend: legendOf(names) },
    scale: { domain: names, range: seriesColours("sweep", names) },
  };
  const x = {
    ...{ field: "position", type: "quantitative" as const, title: xTitle },
    axis: { format: xFormat, values: settings, grid: false },
    scale: { zero: false, nice: false, padding: 30 },
  };
  const y = {
    type: "quantitative" as const,
    title: yTitle,
    axis: { format: yFormat },
    scale: { zero: false, padding: 12 },
  };
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "with 95 % interval over seeds and prompts" },
    width,
    height: 260,
    data: { values },
    layer: intervalLayers({ x, color: colour }, y, [
      { field: "series", type: "nominal", title: "method" },
      { field: "x", type: "quantitative", title: xTitle, format: xFormat },
    ]),
    config: lightTheme,
  };
}

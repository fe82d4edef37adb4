import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import type { Interval } from "../stats/interval.js";
import { schema, width } from "./frame.js";
import { lightTheme, palette } from "./theme.js";

/** A mean with its interval, of a method or policy. */
export interface NamedInterval extends Interval {
  readonly name: string;
}

interface IntervalPlot {
  /** Name of the plot function, for errors. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  /** Drawn from top to bottom in this order. */
  readonly rows: readonly NamedInterval[];
  readonly xTitle: string;
  /** d3 format of the means, and of the axis. */
  readonly format: string;
  readonly axisFormat: string;
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * One row per mean, with its interval and its value as a label; the axis need not start at zero.
 *
 * @throws InputError if there are no rows
 */
export function intervalPlot(plot: IntervalPlot): TopLevelSpec {
  const { title, subtitle, rows, xTitle, format, axisFormat, reference } = plot;
  if (rows.length === 0) throw new InputError(`plot.${plot.name}: no values with intervals to draw`);
  const y = {
    field: "name",
    type: "nominal" as const,
    title: null,
    sort: null,
    axis: { labelFontSize: 12, labelOpacity: 1 },
  };
  const x = {
    type: "quantitative" as const,
    title: xTitle,
    axis: { format: axisFormat, grid: true, tickCount: 6 },
    scale: { zero: false, padding: 24 },
  };
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle },
    width,
    height: { step: 44 },
    data: { values: rows.map(({ name, mean, low, high }) => ({ name, mean, low, high })) },
    layer: [
      ...(reference
        ? [
            {
              data: { values: [reference] },
              encoding: { x: { ...x, field: "value" } },
              layer: [
                { mark: { type: "rule" as const, opacity: 0.5, strokeDash: [5, 4] } },
                {
                  mark: {
                    type: "text" as const,
                    align: "left" as const,
                    baseline: "bottom" as const,
                    dx: -4,
                    dy: -3,
                    opacity: 0.75,
                  },
                  encoding: { y: { value: 0 }, text: { field: "label", type: "nominal" as const } },
                },
              ],
            },
          ]
        : []),
      {
        mark: { type: "rule", strokeWidth: 3, color: palette.blue, strokeCap: "round", aria: false },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "circle", size: 130, opacity: 1 },
        encoding: {
          y,
          x: { ...x, field: "mean" },
          tooltip: [
            { field: "name", type: "nominal", title: "policy" },
            { field: "mean", type: "quantitative", title: xTitle, format },
            { field: "low", type: "quantitative", title: "95 % interval from", format },
            { field: "high", type: "quantitative", title: "to", format },
          ],
        },
      },
      {
        mark: { type: "text", baseline: "bottom", dy: -8, fontWeight: 600 },
        encoding: { y, x: { ...x, field: "mean" }, text: { field: "mean", type: "quantitative", format } },
      },
    ],
    config: lightTheme,
  };
}

import type { TopLevelSpec } from "vega-lite";
import { wilsonInterval } from "../stats/proportion.js";
import { InputError } from "../base/errors.js";
import { schema } from "./frame.js";
import { reviewsFrom } from "./reviewed.js";
import type { MarginRow } from "./rows.js";
import type { Source } from "./source.js";
import { lightTheme, palette } from "./theme.js";

/** Number of bins, each with the same number of pairs. */
const bins = 10;

/**
 * Calibration of the policy's preferences: pairs in ten bins by the probability σ(β·margin) that the implicit reward
 * assigns to the chosen response, against the share of each bin in which the chosen response has the higher score in
 * the dataset, with Wilson's 95 % intervals. A calibrated policy lies on the diagonal. Equal scores count half.
 *
 * @param source reviewed pairs with `chosenScore` and `rejectedScore`, or a run that has them
 * @param beta β of the run
 * @throws InputError if no pair has scores
 */
export function calibration(source: Source<"margins">, beta: number): TopLevelSpec {
  const title = "Calibration of the implicit reward";
  const values = reviewsFrom("calibration", source).flatMap(({ name, pairs }) => {
    const points = pairs.flatMap((pair) => pointOf(pair, beta)).sort((a, b) => a.predicted - b.predicted);
    const edges = Array.from({ length: bins + 1 }, (_, bin) => Math.floor((bin * points.length) / bins));
    return edges.slice(1).flatMap((end, bin) => {
      const own = points.slice(edges[bin], end);
      if (own.length === 0) return [];
      const sum = (valueOf: (point: Point) => number) => own.reduce((total, point) => total + valueOf(point), 0);
      const { mean, low, high } = wilsonInterval(
        sum(({ right }) => right),
        own.length,
      );
      return {
        review: name,
        predicted: sum(({ predicted }) => predicted) / own.length,
        mean,
        low,
        high,
        pairs: own.length,
      };
    });
  });
  if (values.length === 0) throw new InputError("plot.calibration: no reviewed pair has chosenScore and rejectedScore");
  const share = { type: "quantitative" as const, scale: { domain: [0, 1] } };
  const x = { ...share, title: "σ(β · margin)", axis: { format: ".0%" } };
  const y = { ...share, title: "chosen has the higher score", axis: { format: ".0%" } };
  const names = [...new Set(values.map(({ review }) => review))];
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "ten bins of equal size, with 95 % interval; dashed: perfect calibration" },
    data: { values },
    facet: { field: "review", type: "nominal", sort: names, title: null },
    columns: 3,
    // With less, the last label of an axis would run into the first of the next.
    spacing: { column: 36, row: 24 },
    spec: {
      width: 190,
      height: 190,
      layer: [
        {
          data: {
            values: [
              { predicted: 0, mean: 0 },
              { predicted: 1, mean: 1 },
            ],
          },
          mark: { type: "line", strokeDash: [5, 4], opacity: 0.5, color: palette.orange, aria: false },
          encoding: { x: { ...x, field: "predicted" }, y: { ...y, field: "mean" } },
        },
        {
          mark: { type: "rule", strokeWidth: 2, aria: false, color: palette.blue },
          encoding: { x: { ...x, field: "predicted" }, y: { ...y, field: "low" }, y2: { field: "high" } },
        },
        {
          mark: { type: "circle", size: 50, opacity: 1, color: palette.blue },
          encoding: {
            x: { ...x, field: "predicted" },
            y: { ...y, field: "mean" },
            tooltip: [
              { field: "pairs", type: "quantitative", title: "pairs" },
              { field: "predicted", type: "quantitative", title: "σ(β · margin)", format: ".1%" },
              { field: "mean", type: "quantitative", title: "higher score", format: ".1%" },
            ],
          },
        },
      ],
    },
    config: lightTheme,
  };
}

interface Point {
  readonly predicted: number;
  readonly right: number;
}

function pointOf({ ensemble, chosenScore, rejectedScore }: MarginRow, beta: number): Point[] {
  if (chosenScore == null || rejectedScore == null) return [];
  return [{ predicted: 1 / (1 + Math.exp(-beta * ensemble)), right: (1 + Math.sign(chosenScore - rejectedScore)) / 2 }];
}

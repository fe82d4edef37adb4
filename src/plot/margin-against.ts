import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import { MOST_POINTS, asCells, asPoints, type PairPoint } from "./pair-marks.js";
import { panelsBy } from "./panels.js";
import { reviewsFrom, selectionOf } from "./reviewed.js";
import type { MarginRow } from "./rows.js";
import type { Source } from "./source.js";
import { lightTheme } from "./theme.js";
import { trendOf, type Trend } from "./trend.js";

/**
 * Margins of the reviewed pairs against the difference in response length (chosen minus rejected), with a least-squares
 * line and Pearson's correlation: shows whether the policy rewards length. With more than 1,500 pairs per iteration, pairs
 * are counted in cells.
 *
 * @param source a run, or its reviewed pairs, with `chosenLength` and `rejectedLength` in tokens
 * @throws InputError if no pair has been reviewed, or none has lengths
 */
export function marginAgainstLength(source: Source<"margins">): TopLevelSpec {
  return marginAgainst(source, {
    name: "marginAgainstLength",
    title: "Margin against difference in length",
    columns: ["chosenLength", "rejectedLength"],
    xTitle: "length difference (tokens, chosen − rejected)",
    slopeTitle: "slope (nats per token)",
  });
}

/**
 * Margins of the reviewed pairs against the difference of their scores in the dataset (chosen minus rejected), with a
 * least-squares line and Pearson's correlation: shows whether policy and scores agree. With more than 1,500 pairs per
 * iteration, pairs are counted in cells.
 *
 * @param source a run, or its reviewed pairs, with `chosenScore` and `rejectedScore`
 * @throws InputError if no pair has been reviewed, or none has scores
 */
export function marginAgainstScore(source: Source<"margins">): TopLevelSpec {
  return marginAgainst(source, {
    name: "marginAgainstScore",
    title: "Margin against difference in score",
    columns: ["chosenScore", "rejectedScore"],
    xTitle: "score difference (chosen − rejected)",
    slopeTitle: "slope (nats per unit of score)",
  });
}

interface Against {
  /** Name of the plot function, for errors. */
  readonly name: string;
  readonly title: string;
  /** Columns: the second is subtracted from the first. */
  readonly columns: readonly ["chosenLength", "rejectedLength"] | readonly ["chosenScore", "rejectedScore"];
  readonly xTitle: string;
  readonly slopeTitle: string;
}

function marginAgainst(source: Source<"margins">, { name, title, columns, xTitle, slopeTitle }: Against): TopLevelSpec {
  const reviews = reviewsFrom(name, source);
  const panels = reviews
    .map((review) => ({ review: review.name, points: review.pairs.flatMap((pair) => pointOf(pair, columns)) }))
    .filter(({ points }) => points.length > 0)
    .map((panel) => ({ ...panel, trend: trendOf(panel.points) }));
  const drawn = panels.reduce((sum, { points }) => sum + points.length, 0);
  if (drawn === 0) {
    throw new InputError(`plot.${name}: no reviewed pair has ${columns.join(" and ")}`);
  }
  const all = reviews.reduce((sum, { pairs }) => sum + pairs.length, 0);
  const isSelected = panels.some(({ points }) => points.some(({ selection }) => selection !== "not selected from"));
  const inCells = panels.some(({ points }) => points.length > MOST_POINTS);
  const marks = inCells
    ? asCells(
        panels.map(({ points }) => points),
        xTitle,
        isSelected,
      )
    : asPoints(xTitle, isSelected);
  return {
    $schema: schema,
    description: title,
    title: {
      text: title,
      subtitle: [
        `${correlations(panels.map(({ trend }) => trend))}; line: least squares`,
        inCells ? "the stronger the colour, the more pairs" : "each point a reviewed pair",
        ...(drawn < all ? [`left out: ${(all - drawn).toLocaleString("en-US")} pairs without these values`] : []),
      ],
    },
    // Points and trends are rows of one table, because a facet sees only its part of that table.
    data: {
      values: panels.flatMap(({ review, points, trend }) => [
        ...marks.rows(points).map((row) => ({ review, ...row })),
        ...(trend ? [{ review, ...trend }] : []),
      ]),
    },
    facet: panelsBy(
      "review",
      panels.map(({ review }) => review),
    ),
    spacing: 14,
    spec: {
      width,
      height: 200,
      layer: [
        ...(["x", "y"] as const).map((channel) => ({
          data: { values: [{}] },
          mark: { type: "rule" as const, opacity: 0.3, strokeDash: [5, 4], aria: false },
          encoding: { [channel]: { datum: 0, type: "quantitative" as const } },
        })),
        marks.layer,
        {
          transform: [{ filter: "isValid(datum.slope)" }],
          mark: { type: "rule", strokeWidth: 2, clip: true },
          encoding: {
            x: { field: "x", type: "quantitative" },
            y: { field: "y", type: "quantitative" },
            x2: { field: "x2" },
            y2: { field: "y2" },
            tooltip: [
              { field: "correlation", type: "quantitative", title: "Pearson's r", format: ".3f" },
              { field: "slope", type: "quantitative", title: slopeTitle, format: ".3~r" },
            ],
          },
        },
      ],
    },
    config: lightTheme,
  };
}

function pointOf(pair: MarginRow, [minuend, subtrahend]: Against["columns"]): PairPoint[] {
  const [from, less] = [pair[minuend], pair[subtrahend]];
  if (from == null || less == null) return [];
  return [{ pair: pair.id, x: from - less, y: pair.ensemble, selection: selectionOf(pair) }];
}

/** The correlations of the panels, from top to bottom. */
function correlations(trends: readonly (Trend | undefined)[]): string {
  const known = trends.map((trend) => (trend ? trend.correlation.toFixed(2).replace("-", "−") : "undefined"));
  return `Pearson's r = ${known.join(", ")}`;
}

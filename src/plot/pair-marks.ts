import { from } from "arquero";
import { equalBins } from "./bins.js";
import { oneColour, selectionColour, type Selection } from "./reviewed.js";
import { palette } from "./theme.js";

/** Maximum number of pairs per panel that are drawn as points; more would overlap. */
export const MOST_POINTS = 1500;
/** Maximum number of cells in each direction. */
const MOST_CELLS = { x: 60, y: 40 };

/** A reviewed pair as a point, with its margin as y. */
export interface PairPoint {
  /** Its id, if known. */
  readonly pair: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly selection: Selection;
}

const yTitle = "margin (nats)";
const selected = { field: "selection", type: "nominal" as const, title: "selection" };

/**
 * One mark per pair: the rows of a panel, and the layer that draws them.
 *
 * @param isSelected whether pairs were kept and dropped, which the colours then show
 */
export function asPoints(xTitle: string, isSelected: boolean) {
  return {
    rows: (points: readonly PairPoint[]): readonly object[] => points,
    layer: {
      transform: [{ filter: "isValid(datum.selection)" }],
      mark: { type: "circle" as const, size: 22, opacity: 0.7, aria: false },
      encoding: {
        x: { field: "x", type: "quantitative" as const, title: xTitle },
        y: { field: "y", type: "quantitative" as const, title: yTitle },
        color: isSelected ? selectionColour : oneColour,
        tooltip: [
          { field: "pair", type: "nominal" as const, title: "pair" },
          { field: "x", type: "quantitative" as const, title: xTitle, format: ".3~f" },
          { field: "y", type: "quantitative" as const, title: yTitle, format: ".3f" },
          ...(isSelected ? [selected] : []),
        ],
      },
    },
  };
}

/**
 * One mark per non-empty cell, more opaque the more pairs it has.
 *
 * @param panels the pairs of each panel; the panels share their cells
 * @param isSelected whether pairs were kept and dropped, which the colours then show
 */
export function asCells(panels: readonly (readonly PairPoint[])[], xTitle: string, isSelected: boolean) {
  const all = panels.flat();
  const columns = equalBins(
    all.map(({ x }) => x),
    MOST_CELLS.x,
  );
  const rows = equalBins(
    all.map(({ y }) => y),
    MOST_CELLS.y,
  );
  const cellsOf = (points: readonly PairPoint[]) => {
    const counted = from(points.map(({ x, y, selection }) => ({ column: columns.of(x), row: rows.of(y), selection })))
      .groupby("column", "row", "selection")
      .count({ as: "pairs" })
      .orderby("column", "row", "selection")
      .objects() as { column: number; row: number; selection: Selection; pairs: number }[];
    return counted.map(({ column, row, selection, pairs }) => {
      const [x, y] = [columns.edges(column), rows.edges(row)];
      return {
        ...{ left: x.from, right: x.to, bottom: y.from, top: y.to },
        ...{ xRange: columns.range(column), yRange: rows.range(row), selection, pairs },
      };
    });
  };
  const fullest = Math.max(...panels.flatMap((points) => cellsOf(points).map(({ pairs }) => pairs)));
  return {
    rows: cellsOf as (points: readonly PairPoint[]) => readonly object[],
    layer: {
      transform: [{ filter: "isValid(datum.pairs)" }],
      mark: { type: "rect" as const, aria: false },
      encoding: {
        x: { field: "left", type: "quantitative" as const, title: xTitle },
        x2: { field: "right" },
        y: { field: "bottom", type: "quantitative" as const, title: yTitle },
        y2: { field: "top" },
        color: isSelected ? selectionColour : oneColour,
        opacity: {
          field: "pairs",
          type: "quantitative" as const,
          // A single pair must be visible even if another cell has a hundred.
          scale: { type: "sqrt" as const, domain: [0, fullest], nice: false, range: [0.15, 1] },
          legend: {
            title: "pairs in a cell",
            titleOrient: "left" as const,
            titlePadding: 10,
            // Above the plot it would overlap the colour legend.
            orient: "bottom" as const,
            offset: 22,
            symbolType: "square" as const,
            symbolStrokeWidth: 0,
            symbolFillColor: palette.blue,
            // Roughly equidistant opacities.
            values: [...new Set([1, Math.ceil(fullest / 4), fullest])],
            format: ",d",
          },
        },
        tooltip: [
          { field: "xRange", type: "nominal" as const, title: xTitle },
          { field: "yRange", type: "nominal" as const, title: yTitle },
          { field: "pairs", type: "quantitative" as const, title: "pairs", format: "," },
          ...(isSelected ? [selected] : []),
        ],
      },
    },
  };
}

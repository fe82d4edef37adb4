import { desc, from } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { equalBins, type Bins } from "./bins.js";
import { width } from "./frame.js";
import { histogramPanels, type HistogramPanel } from "./histogram-panels.js";
import { oneColour, reviewsFrom, selectionColour, selectionOf, type Review } from "./reviewed.js";
import type { Source } from "./source.js";
import { linesOf } from "./text-width.js";

const MOST_BINS = 50;

/**
 * Distribution of the ensemble margins of the reviewed pairs, kept and dropped, one panel per iteration. A line marks the
 * threshold of selection, if pairs were selected by margin.
 *
 * @param source a run, or its reviewed pairs
 * @throws InputError if there are no reviewed pairs
 */
export function margins(source: Source<"margins">): TopLevelSpec {
  const reviews = reviewsFrom("margins", source);
  const title = "Margins of the reviewed pairs";
  const bins = equalBins(
    reviews.flatMap(({ pairs }) => pairs.map(({ ensemble }) => ensemble)),
    MOST_BINS,
  );
  const isSelected = reviews.some(({ pairs }) => pairs.some(({ kept }) => kept !== undefined));
  const panels = reviews.map((review) => panelOf(review, bins));
  return histogramPanels({
    title,
    subtitle: subtitle(reviews),
    by: "review",
    panels,
    height: 90,
    measure: "margin (nats)",
    counted: "pairs",
    bars: {
      y: { field: "pairs", type: "quantitative", title: "pairs", stack: "zero", axis: { tickCount: 3, format: "~s" } },
      color: isSelected ? selectionColour : oneColour,
      order: { field: "selection", type: "nominal", sort: "descending" },
      tooltip: [
        { field: "range", type: "nominal", title: "margin (nats)" },
        { field: "pairs", type: "quantitative", title: "pairs", format: "," },
        ...(isSelected ? [{ field: "selection", type: "nominal", title: "selection" }] : []),
      ],
    },
    between: [
      {
        data: { values: [{}] },
        mark: { type: "rule", opacity: 0.5, strokeDash: [5, 4], aria: false },
        encoding: { x: { datum: 0, type: "quantitative" } },
      },
    ],
    marked: { field: "threshold", title: "selection threshold", format: ".3f" },
  });
}

/** A review's panel: heading and rows. */
function panelOf(review: Review, bins: Bins): HistogramPanel {
  const threshold = thresholdOf(review);
  const heading = headingOf(review, threshold);
  const counted = from(review.pairs.map((pair) => ({ bin: bins.of(pair.ensemble), selection: selectionOf(pair) })))
    .groupby("bin", "selection")
    .count({ as: "pairs" })
    .orderby("bin", desc("selection"))
    .objects() as { bin: number; selection: string; pairs: number }[];
  return {
    heading,
    rows: [
      ...counted.map(({ bin, selection, pairs }) => ({
        review: heading,
        selection,
        ...bins.edges(bin),
        range: bins.range(bin),
        pairs,
      })),
      ...(threshold === undefined ? [] : [{ review: heading, threshold }]),
    ],
  };
}

/** The smallest margin of the kept pairs; undefined if no pair was dropped, or one with a larger margin was. */
function thresholdOf({ pairs }: Review): number | undefined {
  let leastKept = Infinity;
  let greatestDropped = -Infinity;
  for (const { kept, ensemble } of pairs) {
    if (kept) leastKept = Math.min(leastKept, ensemble);
    else greatestDropped = Math.max(greatestDropped, ensemble);
  }
  const divides = Number.isFinite(leastKept) && Number.isFinite(greatestDropped) && leastKept >= greatestDropped;
  return divides ? leastKept : undefined;
}

function headingOf({ name, pairs }: Review, threshold: number | undefined): string {
  if (pairs.every(({ kept }) => kept === undefined)) {
    const positive = pairs.filter(({ ensemble }) => ensemble > 0).length;
    return `${name}: ${count(positive)} of ${count(pairs.length)} margins above 0`;
  }
  const kept = pairs.filter((pair) => pair.kept).length;
  const from = threshold === undefined ? "" : `, margin ≥ ${threshold.toFixed(2).replace("-", "−")}`;
  return `${name}: ${count(kept)} of ${count(pairs.length)} kept${from}`;
}

/** Describes the plot and, if labels were flipped on purpose, how many of these pairs were dropped. */
function subtitle(reviews: readonly Review[]): string[] {
  const isOfOne = reviews.every(({ pairs }) => pairs.every(({ policy }) => policy !== undefined));
  const drawn = [`log-ratio of chosen − rejected${isOfOne ? "" : ", weighted mean over the last two policies"}`];
  const flipped = reviews.map(({ pairs }) => pairs.filter((pair) => pair.flipped));
  if (flipped.every((pairs) => pairs.length === 0)) return drawn;
  const dropped = flipped.map(
    (pairs) => `${count(pairs.filter(({ kept }) => !kept).length)} of ${count(pairs.length)}`,
  );
  const order = dropped.length > 1 ? ", from top" : "";
  return [...drawn, ...linesOf(`flipped labels dropped${order}: ${dropped.join(", ")}`, width)];
}

function count(pairs: number): string {
  return pairs.toLocaleString("en-US");
}

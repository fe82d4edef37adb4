import { from, op } from "arquero";
import type { TopLevelSpec } from "vega-lite";
import { InputError, quote } from "../base/errors.js";
import { equalBins, type Bins } from "./bins.js";
import { histogramPanels, type HistogramPanel } from "./histogram-panels.js";
import type { Rows } from "./rows.js";
import { rowsOf } from "./source.js";

const MOST_BINS = 50;

/** A response with its length in tokens. */
export interface LengthRow {
  readonly length: number;
}

/**
 * Distributions of response lengths, one panel per policy in the given order, with the median marked: shows whether
 * training made responses longer.
 *
 * @param policies responses by policy name
 * @throws InputError if a policy has no responses, or a response has no length
 * @example lengths({ SFT: [{ length: 31 }, { length: 28 }], SeRA: [{ length: 35 }, { length: 40 }] })
 */
export function lengths(policies: Readonly<Record<string, Rows<LengthRow>>>): TopLevelSpec {
  const named = Object.entries(policies).map(([policy, rows]) => ({
    policy,
    lengths: lengthsOf(policy, rowsOf(rows)),
  }));
  if (named.length === 0)
    throw new InputError("plot.lengths: no policies; pass responses by policy name, such as { SFT: responses }");
  const title = "Lengths of the responses";
  const bins = equalBins(
    named.flatMap(({ lengths }) => lengths),
    MOST_BINS,
  );
  const panels = named.map(({ policy, lengths }) => panelOf(policy, lengths, bins));
  return histogramPanels({
    title,
    subtitle: "share of each policy's responses; line: median",
    by: "policy",
    panels,
    height: 70,
    measure: "length (tokens)",
    counted: "share",
    bars: {
      y: { field: "share", type: "quantitative", title: "share", axis: { tickCount: 3, format: ".0%" } },
      tooltip: [
        { field: "range", type: "nominal", title: "length (tokens)" },
        { field: "responses", type: "quantitative", title: "responses", format: "," },
        { field: "share", type: "quantitative", title: "share", format: ".1%" },
      ],
    },
    x: { scale: { zero: false } },
    marked: { field: "median", title: "median (tokens)", format: "~f" },
  });
}

/** A policy's panel: heading, bins and median. */
function panelOf(policy: string, lengths: readonly number[], bins: Bins): HistogramPanel {
  const { mean, median } = from(lengths.map((length) => ({ length })))
    .rollup({ mean: op.mean("length"), median: op.median("length") })
    .object() as Record<"mean" | "median", number>;
  const heading = `${policy}: median ${median}, mean ${mean.toFixed(1)} tokens`;
  const counted = from(lengths.map((length) => ({ bin: bins.of(length) })))
    .groupby("bin")
    .count({ as: "responses" })
    .orderby("bin")
    .objects() as { bin: number; responses: number }[];
  return {
    heading,
    rows: [
      ...counted.map(({ bin, responses }) => ({
        policy: heading,
        ...bins.edges(bin),
        range: bins.range(bin),
        share: responses / lengths.length,
        responses,
      })),
      { policy: heading, median },
    ],
  };
}

function lengthsOf(policy: string, rows: readonly LengthRow[]): number[] {
  if (rows.length === 0) throw new InputError(`plot.lengths: ${quote(policy)} has no responses`);
  return rows.map(({ length }, at) => {
    if (Number.isFinite(length)) return length;
    throw new InputError(
      `plot.lengths: the length of response ${at} of ${quote(policy)} is ${quote(length)}, expected a number of tokens`,
    );
  });
}

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
 * Distributions of the lengths of policies' responses, a panel a policy in the order given, with
 * the median marked: whether training made the responses longer.
 *
 * @param policies responses by the name of their policy
 * @throws InputError where a policy has no response, or a response no length
 * @example lengths({ SFT: [{ length: 31 }, { length: 28 }], SeRA: [{ length: 35 }, { length: 40 }] })
 */
export function lengths(policies: Readonly<Record<string, Rows<LengthRow>>>): TopLevelSpec {
  const named = Object.entries(policies).map(([policy, rows]) => ({ policy, lengths: lengthsOf(policy, rowsOf(rows)) }));
  if (named.length === 0) throw new InputError("plot.lengths: found no policy, expected responses by the name of their policy");
  const title = "Lengths of the responses";
  const bins = equalBins(named.flatMap(({ lengths }) => lengths), MOST_BINS);
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

/** A policy's panel: what stands above it, and what it is drawn from, its bins and its median. */
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
  if (rows.length === 0) throw new InputError(`plot.lengths: found no response of ${quote(policy)}, expected at least one`);
  return rows.map(({ length }, at) => {
    if (Number.isFinite(length)) return length;
    throw new InputError(
      `plot.lengths: found ${quote(length)} as the length of response ${at} of ${quote(policy)}, expected a count of tokens`,
    );
  });
}

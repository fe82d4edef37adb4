import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import { legendOf, seriesColours } from "./legend.js";
import type { StepRow } from "./rows.js";
import { namedRowsFrom, type Sources } from "./source.js";
import { averageBlocks, iterationStarts, locate, type IterationStart, type Metric } from "./step-blocks.js";
import { lightTheme } from "./theme.js";

/** Most points a run is drawn with; more steps than that are averaged over blocks. */
const MOST_POINTS = 60;
/** Most iterations that are written out above the plot; more have room for their numbers alone. */
const MOST_WRITTEN_OUT = 5;

interface StepPlot {
  /** The function's name, for its errors. */
  readonly name: string;
  readonly title: string;
  readonly runs: Sources<"steps">;
  readonly phase: StepRow["phase"];
  /** What is drawn: a name for the legend and the metric behind it. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly yTitle: string;
  /** d3 format of the axis; by default as many digits as its ticks need. */
  readonly yFormat?: string;
  /** d3 format of a single value. */
  readonly format: string;
  /** A value of y to compare with, and what it means. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * A metric over the training steps of a phase. A long run is drawn as the means of blocks of
 * consecutive logged steps, never across iterations, with a band from each block's least to its
 * greatest value; the subtitle says how long the blocks are.
 *
 * @throws InputError where no step has the metric, or the series are more than there are colours
 */
export function stepPlot({ name, title, runs, phase, metrics, yTitle, yFormat, format, reference }: StepPlot): TopLevelSpec {
  const located = namedRowsFrom(name, "steps", runs).map(([run, rows]) => ({
    run,
    steps: locate(rows.filter((row) => row.phase === phase)),
  }));
  const blockLength = Math.max(1, Math.ceil(Math.max(0, ...located.map(({ steps }) => steps.length)) / MOST_POINTS));
  const blocks = located.flatMap(({ run, steps }) =>
    Object.entries(metrics).flatMap(([label, metric]) => {
      const series = [run, label].filter(Boolean).join(" ");
      return averageBlocks(steps, metric, blockLength).map((block) => ({ series, ...block }));
    }),
  );
  if (blocks.length === 0) {
    const training = phase === "sft" ? "SFT" : "preference training";
    throw new InputError(
      `plot.${name}: found no logged step of ${training} with ${Object.values(metrics).join(" or ")}, expected at least one`,
    );
  }
  const series = [...new Set(blocks.map((block) => block.series))];
  const starts = iterationStarts(located.map(({ steps }) => steps));
  const colour = {
    field: "series",
    type: "nominal" as const,
    scale: { domain: series, range: seriesColours(name, series) },
    // Above the labels of the iterations, which stand on top of the plot.
    legend: series.length > 1 ? { ...legendOf(series), offset: starts.length > 1 ? 18 : 4 } : null,
  };
  const written = starts.length <= MOST_WRITTEN_OUT;
  const x = {
    field: "step",
    type: "quantitative" as const,
    title: written ? "step" : "step (above: numbers of the iterations)",
    scale: { nice: false, zero: false },
  };
  const y = {
    type: "quantitative" as const,
    title: yTitle,
    axis: yFormat === undefined ? {} : { format: yFormat },
    scale: { zero: false },
  };
  const few = blocks.length <= MOST_POINTS / 2;
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: describeBlocks(blockLength) },
    width,
    height: 220,
    data: { values: blocks },
    layer: [
      ...(blockLength > 1
        ? [
            {
              mark: { type: "area" as const, opacity: 0.22, aria: false },
              encoding: {
                x,
                y: { ...y, field: "least" },
                y2: { field: "greatest" },
                color: colour,
                detail: { field: "iteration" },
              },
            },
          ]
        : []),
      {
        mark: { type: "line" },
        encoding: { x, y: { ...y, field: "mean" }, color: colour, detail: { field: "iteration" } },
      },
      {
        // A line has no value to show where the pointer is; its points have, seen or not.
        mark: { type: "circle", size: 40, opacity: few ? 1 : 0, aria: few },
        encoding: {
          x,
          y: { ...y, field: "mean" },
          color: colour,
          tooltip: [
            ...(series.length > 1 ? [{ field: "series", type: "nominal" as const, title: "series" }] : []),
            { field: "iteration", type: "quantitative", title: "iteration" },
            { field: "step", type: "quantitative", title: "step", format: ".1~f" },
            { field: "mean", type: "quantitative", title: blockLength > 1 ? "mean" : yTitle, format },
            ...(blockLength > 1
              ? [
                  { field: "least", type: "quantitative" as const, title: "least", format },
                  { field: "greatest", type: "quantitative" as const, title: "greatest", format },
                ]
              : []),
          ],
        },
      },
      ...(reference ? [referenceLine(reference)] : []),
      ...(starts.length > 1 ? [iterationLines(starts, written)] : []),
    ],
    config: lightTheme,
  };
}

function describeBlocks(length: number): string {
  return length === 1
    ? "every logged step"
    : `line: mean of ${length} logged steps; band: the least to the greatest of them`;
}

function iterationLines(starts: readonly IterationStart[], written: boolean) {
  const x = { field: "step", type: "quantitative" as const };
  return {
    data: { values: starts.map(({ iteration, step }) => ({ step, label: written ? `iteration ${iteration}` : `${iteration}` })) },
    layer: [
      {
        transform: [{ filter: `datum.step > ${starts[0]!.step}` }],
        mark: { type: "rule" as const, strokeDash: [2, 3], opacity: 0.45, aria: false },
        encoding: { x },
      },
      {
        mark: { type: "text" as const, align: "left" as const, baseline: "bottom" as const, dx: 3, dy: -2, opacity: 0.75 },
        encoding: { x, y: { value: 0 }, text: { field: "label", type: "nominal" as const } },
      },
    ],
  };
}

function referenceLine({ value, label }: NonNullable<StepPlot["reference"]>) {
  return {
    data: { values: [{ value, label }] },
    encoding: { y: { field: "value", type: "quantitative" as const } },
    layer: [
      { mark: { type: "rule" as const, opacity: 0.5, strokeDash: [5, 4] } },
      {
        mark: { type: "text" as const, align: "right" as const, baseline: "bottom" as const, dx: -2, dy: -3, opacity: 0.75 },
        encoding: { x: { value: "width" as const }, text: { field: "label", type: "nominal" as const } },
      },
    ],
  };
}

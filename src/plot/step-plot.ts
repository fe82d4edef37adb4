import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import { legendOf, seriesColours } from "./legend.js";
import type { StepRow } from "./rows.js";
import { namedRowsFrom, type Sources } from "./source.js";
import { averageBlocks, iterationStarts, locate, type IterationStart, type Metric } from "./step-blocks.js";
import { lightTheme } from "./theme.js";

/** Maximum number of points per run; with more steps, blocks are averaged. */
const MOST_POINTS = 60;
/** Maximum number of iterations labelled in words above the plot; with more, only their numbers are shown. */
const MOST_WRITTEN_OUT = 5;

interface StepPlot {
  /** Name of the plot function, for errors. */
  readonly name: string;
  readonly title: string;
  readonly runs: Sources<"steps">;
  readonly phase: StepRow["phase"];
  /** Metrics by legend label. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly yTitle: string;
  /** d3 format of the axis; by default as many digits as the ticks need. */
  readonly yFormat?: string;
  /** d3 format of a single value. */
  readonly format: string;
  /** A reference value of y, and its label. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * A metric over the training steps of a phase. Long runs are drawn as means over blocks of consecutive logged steps of an
 * iteration, with a band from each block's minimum to its maximum; the subtitle states the block length.
 *
 * @throws InputError if no step has the metric, or there are more series than colours
 */
export function stepPlot({
  name,
  title,
  runs,
  phase,
  metrics,
  yTitle,
  yFormat,
  format,
  reference,
}: StepPlot): TopLevelSpec {
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
    throw new InputError(`plot.${name}: no logged step of ${training} has ${Object.values(metrics).join(" or ")}`);
  }
  const series = [...new Set(blocks.map((block) => block.series))];
  const starts = iterationStarts(located.map(({ steps }) => steps));
  const colour = {
    field: "series",
    type: "nominal" as const,
    scale: { domain: series, range: seriesColours(name, series) },
    // Above the iteration labels.
    legend: series.length > 1 ? { ...legendOf(series), offset: starts.length > 1 ? 18 : 4 } : null,
  };
  const written = starts.length <= MOST_WRITTEN_OUT;
  const x = {
    field: "step",
    type: "quantitative" as const,
    title: written ? "step" : "step (iteration numbers above)",
    axis: { tickMinStep: 1, format: ",d" },
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
        // Tooltips need points; a line has none. With many steps the points are invisible.
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
                  { field: "least", type: "quantitative" as const, title: "minimum", format },
                  { field: "greatest", type: "quantitative" as const, title: "maximum", format },
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
  return length === 1 ? "every logged step" : `line: mean of ${length} logged steps; band: their minimum to maximum`;
}

function iterationLines(starts: readonly IterationStart[], written: boolean) {
  const x = { field: "step", type: "quantitative" as const };
  return {
    data: {
      values: starts.map(({ iteration, step }) => ({
        step,
        label: written ? `iteration ${iteration}` : `${iteration}`,
      })),
    },
    layer: [
      {
        transform: [{ filter: `datum.step > ${starts[0]!.step}` }],
        mark: { type: "rule" as const, strokeDash: [2, 3], opacity: 0.45, aria: false },
        encoding: { x },
      },
      {
        mark: {
          type: "text" as const,
          align: "left" as const,
          baseline: "bottom" as const,
          dx: 3,
          dy: -2,
          opacity: 0.75,
        },
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
        mark: {
          type: "text" as const,
          align: "right" as const,
          baseline: "bottom" as const,
          dx: -2,
          dy: -3,
          opacity: 0.75,
        },
        encoding: { x: { value: "width" as const }, text: { field: "label", type: "nominal" as const } },
      },
    ],
  };
}

import type { TopLevelSpec } from "vega-lite";
import { rowsOf, type Rows, type StepRow } from "./rows.js";
import { schema } from "./schema.js";
import { lightTheme, palette } from "./theme.js";

/** Steps of one run, or of several by name to be laid over each other. */
export type Runs = Rows<StepRow> | Readonly<Record<string, Rows<StepRow>>>;

/** Most points a run is drawn with; more steps than that are averaged over blocks. */
const MOST_POINTS = 60;

type Metric = {
  [Key in keyof StepRow]-?: StepRow[Key] extends number | null | undefined ? Key : never;
}[keyof StepRow];

interface StepPlot {
  readonly title: string;
  readonly runs: Runs;
  readonly phase: StepRow["phase"];
  /** What is drawn: a name for the legend and the metric behind it. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly yTitle: string;
  /** d3 format of the axis; by default as many digits as its ticks need. */
  readonly yFormat?: string;
  /** A value of y to compare with, and what it means. */
  readonly reference?: { readonly value: number; readonly label: string };
}

interface Located {
  readonly row: StepRow;
  /** Steps since the start of the phase. */
  readonly step: number;
}

interface Block {
  readonly series: string;
  readonly iteration: number;
  readonly step: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
}

/**
 * A metric over the training steps of a phase. A long run is drawn as the means of blocks of
 * consecutive logged steps, never across iterations, with a band from each block's least to its
 * greatest value; the subtitle says how long the blocks are.
 */
export function stepPlot({ title, runs, phase, metrics, yTitle, yFormat, reference }: StepPlot): TopLevelSpec {
  const located = Object.entries(namedRuns(runs)).map(([name, rows]) => ({
    name,
    steps: locate(rowsOf(rows).filter((row) => row.phase === phase)),
  }));
  const blockLength = Math.max(1, Math.ceil(Math.max(...located.map(({ steps }) => steps.length)) / MOST_POINTS));
  const blocks = located.flatMap(({ name, steps }) =>
    Object.entries(metrics).flatMap(([label, metric]) =>
      averageBlocks([name, label].filter(Boolean).join(" "), steps, metric, blockLength),
    ),
  );
  const series = [...new Set(blocks.map((block) => block.series))];
  const starts = iterationStarts(located.map(({ steps }) => steps));
  const colour = {
    field: "series",
    type: "nominal" as const,
    scale: { domain: series, range: Object.values(palette).slice(0, series.length) },
    // Above the labels of the iterations, which stand on top of the plot.
    legend: series.length > 1 ? { offset: starts.length > 1 ? 18 : 4 } : null,
  };
  const x = { field: "step", type: "quantitative" as const, title: "step", scale: { nice: false, zero: false } };
  const y = {
    type: "quantitative" as const,
    title: yTitle,
    axis: yFormat === undefined ? {} : { format: yFormat },
    scale: { zero: false },
  };
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: describeBlocks(blockLength) },
    width: 420,
    height: 220,
    data: { values: blocks },
    layer: [
      ...(blockLength > 1
        ? [
            {
              mark: { type: "area" as const, opacity: 0.18, aria: false },
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
        mark: { type: "line", point: blocks.length <= MOST_POINTS / 2 },
        encoding: { x, y: { ...y, field: "mean" }, color: colour, detail: { field: "iteration" } },
      },
      ...(reference ? [referenceLine(reference)] : []),
      ...(starts.length > 1 ? [iterationLines(starts)] : []),
    ],
    config: lightTheme,
  };
}

/** A run without a name is drawn without one. */
function namedRuns(runs: Runs): Readonly<Record<string, Rows<StepRow>>> {
  return isRows(runs) ? { "": runs } : runs;
}

function isRows(runs: Runs): runs is Rows<StepRow> {
  return Array.isArray(runs) || typeof runs["objects" as keyof Runs] === "function";
}

/** Counts the steps on over the iterations of a run, where the run counts anew in each. */
function locate(rows: readonly StepRow[]): Located[] {
  let offset = 0;
  let previous: Located | undefined;
  return rows.map((row) => {
    if (previous && row.iteration !== previous.row.iteration && offset + row.step <= previous.step) {
      offset = previous.step;
    }
    previous = { row, step: offset + row.step };
    return previous;
  });
}

function averageBlocks(series: string, steps: readonly Located[], metric: Metric, length: number): Block[] {
  const iterations = [...new Set(steps.map(({ row }) => row.iteration))];
  return iterations.flatMap((iteration) => {
    const measured = steps.flatMap(({ row, step }) => {
      const value = row[metric];
      return row.iteration === iteration && value != null ? [{ step, value }] : [];
    });
    const blocks = Array.from({ length: Math.ceil(measured.length / length) }, (_, index) =>
      measured.slice(index * length, (index + 1) * length),
    );
    return blocks.map((block) => {
      const values = block.map(({ value }) => value);
      return {
        series,
        iteration,
        step: mean(block.map(({ step }) => step)),
        mean: mean(values),
        least: Math.min(...values),
        greatest: Math.max(...values),
      };
    });
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function describeBlocks(length: number): string {
  return length === 1
    ? "every logged step"
    : `line: mean of ${length} logged steps; band: the least to the greatest of them`;
}

interface IterationStart {
  readonly step: number;
  readonly label: string;
}

/**
 * The first step of each iteration. Where runs differ in them, no line could stand for all, and
 * none is drawn; a run of a single iteration has nothing to say here and is left out.
 */
function iterationStarts(runs: readonly (readonly Located[])[]): IterationStart[] {
  const distinct = new Map<string, IterationStart[]>();
  for (const steps of runs) {
    const starts = steps
      .filter(({ row }, at) => row.iteration !== steps[at - 1]?.row.iteration)
      .map(({ row, step }) => ({ step, label: `iteration ${row.iteration}` }));
    if (starts.length > 1) distinct.set(JSON.stringify(starts), starts);
  }
  return distinct.size === 1 ? [...distinct.values()][0]! : [];
}

function iterationLines(starts: readonly IterationStart[]) {
  const x = { field: "step", type: "quantitative" as const };
  return {
    data: { values: [...starts] },
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

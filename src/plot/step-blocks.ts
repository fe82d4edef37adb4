import { mean } from "../stats/mean.js";
import type { StepRow } from "./rows.js";

/** A numeric column of the logged steps. */
export type Metric = {
  [Key in keyof StepRow]-?: StepRow[Key] extends number | null | undefined ? Key : never;
}[keyof StepRow];

/** A logged step with its position in the run. */
export interface Located {
  readonly row: StepRow;
  /** Steps since the start of the phase. */
  readonly step: number;
}

/** Consecutive logged steps of an iteration, drawn as one point. */
export interface Block {
  readonly iteration: number;
  readonly step: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
}

/** Numbers the steps consecutively over iterations, even if the run restarts the count in each. */
export function locate(rows: readonly StepRow[]): Located[] {
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

/**
 * Averages the metric over blocks of at most `length` logged steps within an iteration, as equal in length as possible,
 * because a remainder of one step would look like a change. Steps without the metric are skipped.
 */
export function averageBlocks(steps: readonly Located[], metric: Metric, length: number): Block[] {
  const iterations = [...new Set(steps.map(({ row }) => row.iteration))];
  return iterations.flatMap((iteration) => {
    const measured = steps.flatMap(({ row, step }) => {
      const value = row[metric];
      return row.iteration === iteration && value != null ? [{ step, value }] : [];
    });
    const count = Math.ceil(measured.length / length);
    const from = (index: number) => Math.round((index * measured.length) / count);
    const blocks = Array.from({ length: count }, (_, index) => measured.slice(from(index), from(index + 1)));
    return blocks.map((block) => {
      const values = block.map(({ value }) => value);
      return {
        iteration,
        step: mean(block.map(({ step }) => step)),
        mean: mean(values),
        least: Math.min(...values),
        greatest: Math.max(...values),
      };
    });
  });
}

/** The start of an iteration. */
export interface IterationStart {
  readonly iteration: number;
  readonly step: number;
}

/**
 * The first step of each iteration. Empty if runs disagree, because no line would be right for all; runs with a single
 * iteration are ignored.
 */
export function iterationStarts(runs: readonly (readonly Located[])[]): IterationStart[] {
  const distinct = new Map<string, IterationStart[]>();
  for (const steps of runs) {
    const starts = steps
      .filter(({ row }, at) => row.iteration !== steps[at - 1]?.row.iteration)
      .map(({ row, step }) => ({ iteration: row.iteration, step }));
    if (starts.length > 1) distinct.set(JSON.stringify(starts), starts);
  }
  return distinct.size === 1 ? [...distinct.values()][0]! : [];
}

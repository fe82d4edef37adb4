import type { Feeds } from "../engine/engine.js";
import type { Tensor } from "../graph/tensor.js";
import { layOut, ownPositions, rowsOf, type Row } from "../model/scoring/batch.js";
import type { BatchShape } from "../model/scoring/log-probs.js";
import type { BatchSizes, Objective } from "./objective.js";
import { feedBatch } from "./own-objective.js";
import type { StepPlan } from "./plan.js";

/** Examples that go through the model together, and the sizes of their program. */
export interface LoadedBatch<Example> {
  readonly examples: readonly Example[];
  readonly shape: BatchShape;
}

/** Returns the micro-batches of a step with their examples. */
export function loadBatches<Example>({ microBatches }: StepPlan, examples: readonly Example[]): LoadedBatch<Example>[] {
  return microBatches.map(({ indices, shape }) => ({ shape, examples: indices.map((i) => examples[i]!) }));
}

/** Returns the number of examples that a micro-batch's program has room for. */
export function slotsOf<Example>(objective: Objective<Example>, { examples, shape }: LoadedBatch<Example>): number {
  return shape.responses / objective.sequences(examples[0]!).length;
}

/** Returns the rows of a micro-batch. */
export function rowsOfBatch<Example>(objective: Objective<Example>, { examples, shape }: LoadedBatch<Example>): Row[] {
  return examples.flatMap((example) => rowsOf(objective.sequences(example), shape.sharesPrompts));
}

/**
 * Returns the feeds of a micro-batch, as part of a step over all of `step`; `columns` are those of the training's
 * examples.
 */
export function feedsOf<Example>(
  objective: Objective<Example>,
  batch: LoadedBatch<Example>,
  { step, columns }: Pick<BatchSizes<Example>, "step" | "columns">,
  padId: number,
): Feeds {
  const { examples, shape } = batch;
  const { tokenWeight, feeds } = feedBatch(objective, examples, {
    step,
    columns,
    slots: slotsOf(objective, batch),
    tokens: shape.completions,
  });
  const rows = rowsOfBatch(objective, batch);
  return {
    ...layOut(rows, shape, padId, typeof tokenWeight === "number" ? tokenWeight : 1),
    ...(typeof tokenWeight !== "number" && { weight: tokenWeight }),
    ...(objective.head && { ownPosition: ownPositions(rows, shape) }),
    ...feeds,
  };
}

/** Concatenates the fetched per-example values of micro-batches, without padding. */
export function perExample<Example>(
  batches: readonly LoadedBatch<Example>[],
  fetched: readonly Readonly<Record<string, Tensor>>[],
) {
  const columns: Record<string, Float64Array> = {};
  for (const name of Object.keys(fetched[0]!)) {
    columns[name] = Float64Array.from(
      batches.flatMap(({ examples }, i) => [...fetched[i]![name]!.data.subarray(0, examples.length)]),
    );
  }
  return columns;
}

/** Returns the loss of a step, the sum of its micro-batches' losses. */
export function totalLoss(fetched: readonly Readonly<Record<string, Tensor>>[]): number {
  return fetched.reduce((total, { loss }) => total + (loss?.data[0] ?? 0), 0);
}

import type { Feeds } from "../engine/engine.js";
import type { Value } from "../graph/index.js";
import type { TokenSequence } from "../model/batch.js";
import type { BatchLeaves } from "../model/log-probs.js";
import type { PlanOptions } from "./plan.js";

/** Numbers that a training step reports, by the names that TRL gives them. */
export type Metrics = Readonly<Record<string, number>>;

/** What a training minimises, and what it reports, for examples of some kind. */
export interface Objective<Example> {
  /** Tells the objective's programs from others': its name and settings. */
  readonly key: string;
  /** Names of scalars that it keeps from step to step in the optimizer's state, 0 before the first; they begin with `loss.`. */
  readonly running?: readonly string[];
  /** @throws InputError where it cannot be trained in such steps */
  check?(options: PlanOptions): void;
  /** The sequences that the model reads for an example; as many for each. */
  sequences(example: Example): readonly TokenSequence[];
  /**
   * The example with other log-probabilities under the reference; only where the objective has a reference.
   *
   * @param logProbs of its sequences
   */
  withReferenceLogProbs?(example: Example, logProbs: readonly number[]): Example;
  /**
   * The loss of a batch, a scalar that adds up to the step's loss over its micro-batches, and what
   * else to fetch, with one number for each place of an example; and the new contents of what it keeps.
   *
   * @param perToken weighted log-probabilities of the response tokens, [completions]
   * @param slots examples that the batch has room for
   */
  build(
    leaves: BatchLeaves,
    perToken: Value,
    slots: number,
  ): { loss: Value; perExample: Readonly<Record<string, Value>>; running?: ReadonlyMap<string, Value> };
  /** What to feed for a micro-batch of a step; sizes are those of `build`. */
  feed(examples: readonly Example[], step: readonly Example[], slots: number): { tokenWeight: number; feeds: Feeds };
  /** The step's metrics beside the loss, from what `perExample` fetched for its examples. */
  metrics(examples: readonly Example[], fetched: Readonly<Record<string, Float64Array>>): Metrics;
}

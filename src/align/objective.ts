import type { Feeds } from "../engine/engine.js";
import type { Value } from "../graph/index.js";
import type { Shape } from "../graph/tensor.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import type { BestMetric } from "./best.js";
import type { PlanOptions } from "./plan.js";

/** Numbers reported by a training step, under TRL's names. */
export type Metrics = Readonly<Record<string, number>>;

/** A batch in the graph, from which an objective builds its loss. */
export interface ObjectiveBatch {
  /**
   * log π(y_t | x, y_<t) of the response tokens, in the order of the examples' sequences, multiplied by their fed
   * `tokenWeight`; 0 at padding, which comes last: [tokens].
   */
  readonly tokenLogProbs: Value;
  /** The response that each token belongs to, int32 [tokens]; see {@link sumByResponse}. */
  readonly response: Value;
  /** Number of responses, including padding. */
  readonly responses: number;
  /** Number of examples that the batch has room for. */
  readonly slots: number;
  /** The columns that {@link Objective.columns} found in the training examples. */
  readonly columns: readonly string[];
  /**
   * Returns the model's last hidden state at each response token, after reading it: [tokens, hidden]. Padding has that
   * of some token.
   *
   * @throws Error if the objective has no head
   */
  hidden(): Value;
  /** Returns a parameter of {@link Objective.head} by name. */
  head(name: string): Value;
}

/** The result of `build` for a batch. */
export interface BuiltLoss {
  /** A scalar; the micro-batches of a step add up to the step's loss. */
  readonly loss: Value;
  /** Further values to fetch for the metrics, one number per slot: [slots] each. */
  readonly perExample: Readonly<Record<string, Value>>;
  /** The new values of its running state. */
  readonly running?: ReadonlyMap<string, Value>;
}

/** The sizes of a micro-batch, and the step that it belongs to. */
export interface BatchSizes<Example> {
  /** Every example of the step. */
  readonly step: readonly Example[];
  /** Number of examples that the batch has room for. */
  readonly slots: number;
  /** Number of response tokens that it has room for. */
  readonly tokens: number;
  /** As in {@link ObjectiveBatch}. */
  readonly columns: readonly string[];
}

/** A small module that an objective trains along with the policy, on the policy's last hidden states. */
export interface Head {
  /**
   * Shapes of its parameters by name. They are initialised from N(0, σ²) with the model's own σ (`initializerRange`)
   * and the training's seed; those of rank 0 and 1, biases, with 0.
   *
   * @param hiddenSize hidden size of the model
   */
  shapes(hiddenSize: number): Readonly<Record<string, Shape>>;
}

/**
 * What a training minimises and reports, for one kind of examples. It works on tokens; for a loss of whole responses, a
 * {@link PreferenceLoss} wrapped in {@link preference} is shorter. Its methods must be pure functions.
 *
 * @example
 * // Supervised fine-tuning with lower weights for confident tokens (focal loss).
 * const focal: Objective<TokenSequence> = {
 *   name: "focal",
 *   version: "1",
 *   sequences: (example) => [example],
 *   build: ({ tokenLogProbs }) => ({ loss: neg(sum(mul(stopGradient(sub(one, exp(tokenLogProbs))), tokenLogProbs))), perExample: {} }),
 *   feed: () => ({ tokenWeight: 1, feeds: {} }),
 *   metrics: () => ({}),
 * };
 */
export interface Objective<Example> {
  /** The name in messages and in the identity of a run. */
  readonly name: string;
  /** Version of its code, for the identity of a run; absent for the library's own objectives. */
  readonly version?: string;
  /** Names of its running state in the optimizer's state, initially 0; they start with `loss.`. */
  readonly running?: readonly string[];
  /** Shapes of the non-scalar ones, by name. */
  readonly runningShapes?: Readonly<Record<string, Shape>>;
  /** A module trained along with the policy. With one, the objective can read the policy's last hidden states. */
  readonly head?: Head;
  /**
   * Whether its loss depends on all examples of a step jointly; they are then also evaluated jointly. Default false.
   */
  readonly needsWholeStep?: boolean;
  /** @throws InputError if it does not support such steps, or lacks the metric of `keepBestBy` */
  check?(options: PlanOptions & { readonly keepBestBy?: BestMetric }): void;
  /**
   * Returns the names of the columns of a training's examples that affect `build`.
   *
   * @throws InputError if an example has a column that the objective cannot use, or lacks one that it needs
   */
  columns?(examples: readonly Example[]): readonly string[];
  /** Returns the sequences that the model reads for an example; the same number for each. */
  sequences(example: Example): readonly TokenSequence[];
  /**
   * Returns the example with new log-probabilities under the reference; only for objectives with a reference.
   *
   * @param logProbs of its sequences
   */
  withReferenceLogProbs?(example: Example, logProbs: readonly number[]): Example;
  /** The same per token: returns the example with the log-probabilities of each token of its sequences. */
  withReferenceTokenLogProbs?(example: Example, logProbs: readonly Float32Array[]): Example;
  /** Returns whether the example's reference is needed per token. Default: no. */
  readsReferenceTokens?(example: Example): boolean;
  /** Builds the loss of a batch in the graph. */
  build(batch: ObjectiveBatch): BuiltLoss;
  /**
   * Returns the feeds of a micro-batch of a step.
   *
   * @returns `tokenWeight`: the weight of all response tokens, or of each, [tokens]; `feeds`: values of the inputs that
   * `build` creates
   */
  feed(
    examples: readonly Example[],
    sizes: BatchSizes<Example>,
  ): { readonly tokenWeight: number | Float32Array; readonly feeds: Feeds };
  /** Computes the step's metrics besides the loss, from the fetched `perExample` values. */
  metrics(examples: readonly Example[], fetched: Readonly<Record<string, Float64Array>>): Metrics;
}

/**
 * Concatenates per-token numbers of sequences into a feed, followed by padding.
 *
 * @param tokens number of tokens that the batch has room for
 */
export function tokenColumn(values: Iterable<ArrayLike<number>>, tokens: number, padding = 0): Float32Array {
  const column = new Float32Array(tokens).fill(padding);
  let at = 0;
  for (const own of values) {
    column.set(own, at);
    at += own.length;
  }
  return column;
}

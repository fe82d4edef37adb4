import type { Feeds } from "../engine/engine.js";
import type { Value } from "../graph/index.js";
import type { Shape } from "../graph/tensor.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import type { BestMetric } from "./best.js";
import type { PlanOptions } from "./plan.js";

/** Numbers that a training step reports, by the names that TRL gives them. */
export type Metrics = Readonly<Record<string, number>>;

/** A batch in the graph, as an objective builds its loss from it. */
export interface ObjectiveBatch {
  /**
   * log π(y_t | x, y_<t) of the response tokens, in the order of the examples' sequences, times what they are fed to weigh
   * (`tokenWeight`); 0 at padding, which comes last: [tokens].
   */
  readonly tokenLogProbs: Value;
  /** The response that each token belongs to, int32 [tokens]; see {@link sumByResponse}. */
  readonly response: Value;
  /** Responses, those of padding included. */
  readonly responses: number;
  /** Examples that the batch has room for. */
  readonly slots: number;
  /** What {@link Objective.columns} has found in the examples of the training. */
  readonly columns: readonly string[];
  /**
   * The model's last hidden state at each response token, which it has read: [tokens, hidden]. Some token's at padding.
   *
   * @throws Error if the objective has no head
   */
  hidden(): Value;
  /** A parameter of {@link Objective.head}, by its name. */
  head(name: string): Value;
}

/** What `build` makes of a batch. */
export interface BuiltLoss {
  /** A scalar; the micro-batches of a step add up to the step's loss. */
  readonly loss: Value;
  /** What else to fetch for the metrics, one number for each slot: [slots] each. */
  readonly perExample: Readonly<Record<string, Value>>;
  /** The new contents of what it keeps from step to step. */
  readonly running?: ReadonlyMap<string, Value>;
}

/** The sizes of a micro-batch, and the step that it is a part of. */
export interface BatchSizes<Example> {
  /** Every example of the step. */
  readonly step: readonly Example[];
  /** Examples that the batch has room for. */
  readonly slots: number;
  /** Response tokens that it has room for. */
  readonly tokens: number;
  /** As in {@link ObjectiveBatch}. */
  readonly columns: readonly string[];
}

/** A small part of its own that an objective trains beside the policy, on the policy's last hidden states. */
export interface Head {
  /**
   * Shapes of its parameters by name. They begin at N(0, σ²) with the model's own σ (`initializerRange`), drawn from the
   * training's seed; those of rank 0 and 1, biases, at 0.
   *
   * @param hiddenSize of the model
   */
  shapes(hiddenSize: number): Readonly<Record<string, Shape>>;
}

/**
 * What a training minimises, and what it reports, for examples of some kind. It sees single tokens; for a loss of whole
 * responses a {@link PreferenceLoss} under {@link preference} is shorter. Its methods depend on their arguments alone.
 *
 * @example
 * // Supervised fine-tuning in which sure tokens count less (focal loss).
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
  /** What it is called in messages, and in the identity of a run. */
  readonly name: string;
  /** Of its code, for the identity of a run; an objective of the library's own has none. */
  readonly version?: string;
  /** Names of what it keeps from step to step in the optimizer's state, 0 before the first; they begin with `loss.`. */
  readonly running?: readonly string[];
  /** Shapes of those that are no scalars, by name. */
  readonly runningShapes?: Readonly<Record<string, Shape>>;
  /** What it trains beside the policy. With one, it can read the policy's last hidden states. */
  readonly head?: Head;
  /** Whether its loss depends on all examples of a step together; they are then evaluated together too. Default false. */
  readonly needsWholeStep?: boolean;
  /** @throws InputError if it cannot be trained in such steps, or has no such metric to choose by */
  check?(options: PlanOptions & { readonly keepBestBy?: BestMetric }): void;
  /**
   * Names of what these examples, all of a training, come with that changes what is built.
   *
   * @throws InputError if an example has what the objective has no use for, or lacks what it needs
   */
  columns?(examples: readonly Example[]): readonly string[];
  /** The sequences that the model reads for an example; as many for each. */
  sequences(example: Example): readonly TokenSequence[];
  /**
   * The example with other log-probabilities under the reference; only where the objective has a reference.
   *
   * @param logProbs of its sequences
   */
  withReferenceLogProbs?(example: Example, logProbs: readonly number[]): Example;
  /** The same by tokens: the example with the log-probabilities of each token of its sequences. */
  withReferenceTokenLogProbs?(example: Example, logProbs: readonly Float32Array[]): Example;
  /** Whether the example's reference is needed by tokens. Default: it is not. */
  readsReferenceTokens?(example: Example): boolean;
  /** The loss of a batch in the graph. */
  build(batch: ObjectiveBatch): BuiltLoss;
  /**
   * What to feed for a micro-batch of a step.
   *
   * @returns `tokenWeight`: what response tokens weigh, all alike or each, [tokens]; `feeds`: the inputs that `build` makes
   */
  feed(
    examples: readonly Example[],
    sizes: BatchSizes<Example>,
  ): { readonly tokenWeight: number | Float32Array; readonly feeds: Feeds };
  /** The step's metrics beside the loss, from what `perExample` fetched for its examples. */
  metrics(examples: readonly Example[], fetched: Readonly<Record<string, Float64Array>>): Metrics;
}

/**
 * Numbers of single response tokens as a feed: those of each sequence after each other, then padding.
 *
 * @param tokens that the batch has room for
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

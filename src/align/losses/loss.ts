import type { Value } from "../../graph/index.js";
import type { ImplicitReward } from "./reward.js";

/**
 * A batch of pairs as a loss sees it: log-probabilities are sums over response tokens, in nats. The real pairs come
 * first; the slots after them are padding, of weight 0.
 */
export interface PairLogProbs {
  /** log π(y_w | x) of each pair: [pairs]. */
  readonly policyChosen: Value;
  /** log π(y_l | x): [pairs]. */
  readonly policyRejected: Value;
  /** log π_ref(y_w | x): [pairs]. */
  readonly referenceChosen: Value;
  /** log π_ref(y_l | x): [pairs]. */
  readonly referenceRejected: Value;
  /** |y_w|, tokens of each chosen response, 1 at padding: [pairs]. */
  readonly chosenLength: Value;
  /** |y_l|: [pairs]. */
  readonly rejectedLength: Value;
  /** What each pair counts in the mean over the step, 0 at padding: [pairs]. */
  readonly pairWeight: Value;
  /** Mean of |y_w| over the pairs of the whole step: []. */
  readonly meanChosenLength: Value;
}

/** A direct alignment loss with its settings: a pure function of log-probabilities. */
export interface PreferenceLoss {
  /** As it stands in a run's summary. */
  readonly name: string;
  /** Scale of the implicit reward. */
  readonly beta: number;
  /** Its other settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What it takes for the reward of a response, over β. It needs the reference if, and only if, the loss does. */
  readonly reward: ImplicitReward;
  /** Whether it depends on all pairs of a step together, which must then be one micro-batch. Default false. */
  readonly needsWholeStep?: boolean;
  /** What it keeps from step to step. */
  readonly running?: Running;
  /** The loss of each pair, [pairs]; what it is at padding does not count, but it is finite. */
  perPair(logProbs: PairLogProbs): Value;
}

/** Scalars that live beside the optimizer's moments, 0 before the first step, and are checkpointed with them. */
export interface Running {
  /** State names, which begin with `loss.`. */
  readonly names: readonly string[];
  /** Their contents after a batch, by name. */
  update(logProbs: PairLogProbs): ReadonlyMap<string, Value>;
}

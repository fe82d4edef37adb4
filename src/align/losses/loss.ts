import type { Value } from "../../graph/index.js";
import type { Shape } from "../../graph/tensor.js";
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
  /** What each pair counts in the step's loss, 0 at padding: its column `weight` over the pairs of the step, [pairs]. */
  readonly pairWeight: Value;
  /** Mean of |y_w| over the pairs of the whole step: []. */
  readonly meanChosenLength: Value;
  /** The columns that the loss declares, by name: [pairs] each. */
  readonly columns: Readonly<Record<string, Value>>;
  /** The single tokens, for a loss that declares {@link PreferenceLoss.tokens}. */
  readonly tokens: PairTokens;
}

/** One value for the chosen and one for the rejected response of each pair, [pairs] each. */
export interface Both {
  readonly chosen: Value;
  readonly rejected: Value;
}

/** The response tokens of a batch of pairs: those of each pair's chosen response, then of its rejected one; then padding. */
export interface PairTokens {
  /** log π(y_t | x, y_<t), 0 at padding: [tokens]. */
  readonly policy: Value;
  /** log π_ref(y_t | x, y_<t), 0 at padding, where the loss declares that it reads it: [tokens]. */
  readonly reference: Value;
  /** The token columns that the loss declares, by name, 0 at padding: [tokens] each. */
  readonly columns: Readonly<Record<string, Value>>;
  /** Sums of [tokens] over each response's tokens. */
  sums(perToken: Value): Both;
}

/** A number of each pair, or of each response token, that a loss reads. */
export interface LossColumn {
  /** What it is where a pair has none. Without a default every pair has to have it. */
  readonly default?: number | undefined;
  /** Whether it is left out of {@link PairLogProbs.columns} where no pair of a training has it. Default false. */
  readonly optional?: boolean;
  /** What it may be beside a finite number, in words and as a test. */
  readonly range?: { readonly expected: string; isGood(value: number): boolean };
  /** What gives it to the pairs, for the error where one lacks it. */
  readonly hint?: string;
}

/** What a loss reads of single tokens. */
export interface TokenInputs {
  /** Whether it reads the reference's log-probability of each token. Default false. */
  readonly reference?: boolean;
  /** Columns of tokens that it reads, by name. */
  readonly columns?: Readonly<Record<string, LossColumn>>;
}

/**
 * A direct alignment loss with its settings: a pure function of log-probabilities.
 *
 * @example
 * // Regression of the reward difference on a number that each pair brings; the library's is irepo.
 * const regression = (beta: number): PreferenceLoss => ({
 *   ...{ name: "regression", version: "1", beta, reward: losses.dpo({ beta }).reward },
 *   columns: { difference: {} },
 *   perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected, columns }) {
 *     const z = mul(sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected)), beta);
 *     const error = sub(z, columns.difference!);
 *     return mul(error, error);
 *   },
 * });
 * @example
 * // DPO whose tokens weigh less the surer the policy is of them.
 * const unsure = (beta: number): PreferenceLoss => ({
 *   ...{ name: "unsure", version: "1", beta, reward: losses.dpo({ beta }).reward },
 *   tokens: { reference: true },
 *   perPair({ tokens: { policy, reference, sums } }) {
 *     const { chosen, rejected } = sums(mul(neg(stopGradient(policy)), sub(policy, reference)));
 *     return softplus(mul(sub(rejected, chosen), beta));
 *   },
 * });
 */
export interface PreferenceLoss {
  /** As it stands in a run's summary and its identity. */
  readonly name: string;
  /** Of its code, for the identity of a run; a loss of the library's own has none. */
  readonly version?: string;
  /** Scale of the implicit reward. */
  readonly beta: number;
  /** Its other settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What it takes for the reward of a response, over β. It needs the reference if, and only if, the loss does. */
  readonly reward: ImplicitReward;
  /** Whether it depends on all pairs of a step together, which must then be one micro-batch. Default false. */
  readonly needsWholeStep?: boolean;
  /** Columns of pairs that it reads, by name; `weight` is not among them, since it counts whatever the loss is. */
  readonly columns?: Readonly<Record<string, LossColumn>>;
  /** What it reads of single tokens. Default: nothing, sums over responses are all that it sees. */
  readonly tokens?: TokenInputs;
  /** What it keeps from step to step. */
  readonly running?: Running;
  /** The loss of each pair, [pairs]; what it is at padding does not count, but it is finite. */
  perPair(logProbs: PairLogProbs): Value;
}

/** Numbers that live beside the optimizer's moments, 0 before the first step, and are checkpointed with them. */
export interface Running {
  /** State names, which begin with `loss.`. */
  readonly names: readonly string[];
  /** Shapes of those that are no scalars, by name. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Their contents after a batch, by name. */
  update(logProbs: PairLogProbs): ReadonlyMap<string, Value>;
}

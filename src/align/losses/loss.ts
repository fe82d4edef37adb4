import type { Value } from "../../graph/index.js";
import type { Shape } from "../../graph/tensor.js";
import type { ImplicitReward } from "./reward.js";

/**
 * The input of a loss, a batch of pairs: log-probabilities are sums over response tokens, in nats. The real pairs come
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
  /**
   * Weight of each pair in the step's loss, 0 at padding: its column `weight` divided by the number of pairs of the
   * step, [pairs].
   */
  readonly pairWeight: Value;
  /** Mean of |y_w| over the pairs of the whole step: []. */
  readonly meanChosenLength: Value;
  /** The columns that the loss declares, by name: [pairs] each. */
  readonly columns: Readonly<Record<string, Value>>;
  /** The tokens, for a loss that declares {@link PreferenceLoss.tokens}. */
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
  /** log π_ref(y_t | x, y_<t), 0 at padding, if the loss declares that it reads it: [tokens]. */
  readonly reference: Value;
  /** The token columns that the loss declares, by name, 0 at padding: [tokens] each. */
  readonly columns: Readonly<Record<string, Value>>;
  /** Sums values of shape [tokens] over each response's tokens. */
  sums(perToken: Value): Both;
}

/** A number of each pair, or of each response token, that a loss reads. */
export interface LossColumn {
  /** Value for pairs without the column. Without a default, every pair must have it. */
  readonly default?: number | undefined;
  /** Whether it is left out of {@link PairLogProbs.columns} if no training pair has it. Default false. */
  readonly optional?: boolean;
  /** Allowed range of the finite values, in words and as a test. */
  readonly range?: { readonly expected: string; isGood(value: number): boolean };
  /** How pairs can get the column, for the error if one lacks it. */
  readonly hint?: string;
}

/** Per-token inputs of a loss. */
export interface TokenInputs {
  /** Whether it reads the reference's log-probability of each token. Default false. */
  readonly reference?: boolean;
  /** Token columns that it reads, by name. */
  readonly columns?: Readonly<Record<string, LossColumn>>;
}

/**
 * A direct alignment loss with its settings: a pure function of log-probabilities.
 *
 * @example
 * // Regression of the reward difference on a column of each pair, as in the library's irepo.
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
 * // DPO with lower weights for tokens that the policy is sure of.
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
  /** The name in a run's summary and identity. */
  readonly name: string;
  /** Version of its code, for the identity of a run; absent for the library's own losses. */
  readonly version?: string;
  /** Scale of the implicit reward. */
  readonly beta: number;
  /** Its other settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The implicit reward of a response, over β. It needs the reference if and only if the loss does. */
  readonly reward: ImplicitReward;
  /** Whether it depends on all pairs of a step jointly, which must then form one micro-batch. Default false. */
  readonly needsWholeStep?: boolean;
  /** Columns of pairs that it reads, by name; except `weight`, which applies to every loss. */
  readonly columns?: Readonly<Record<string, LossColumn>>;
  /** Its per-token inputs. Default: none, only sums over responses. */
  readonly tokens?: TokenInputs;
  /** Its running state. */
  readonly running?: Running;
  /** Builds the loss of each pair, [pairs]; values at padding are ignored but must be finite. */
  perPair(logProbs: PairLogProbs): Value;
}

/** State carried from step to step, initially 0, and checkpointed with the optimizer's moments. */
export interface Running {
  /** State names, starting with `loss.`. */
  readonly names: readonly string[];
  /** Shapes of the non-scalar ones, by name. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Returns their values after a batch, by name. */
  update(logProbs: PairLogProbs): ReadonlyMap<string, Value>;
}

import type { Value } from "../../graph/index.js";

/** Log-probabilities of a batch of pairs under policy and reference, each [pairs], summed over response tokens. */
export interface PairLogProbs {
  readonly policyChosen: Value;
  readonly policyRejected: Value;
  readonly referenceChosen: Value;
  readonly referenceRejected: Value;
}

/** A direct alignment loss with its settings: a pure function of log-probabilities. */
export interface PreferenceLoss {
  /** Name and settings, as they stand in a run's config. */
  readonly name: string;
  /** Scale of the implicit reward r = β·log(π/π_ref). */
  readonly beta: number;
  /** The loss of each pair, [pairs]. */
  perPair(logProbs: PairLogProbs): Value;
}

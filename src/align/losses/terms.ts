import {
  div,
  exp,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  sub,
  sum,
  add,
  where,
  type Value,
} from "../../graph/index.js";
import type { Both, PairLogProbs } from "./loss.js";
import { maxLogProb } from "./reward.js";

/* Terms shared by several losses, as graph values. */

/** ρ = log π − log π_ref of both responses. */
export function logRatios({ policyChosen, policyRejected, referenceChosen, referenceRejected }: PairLogProbs): Both {
  return { chosen: sub(policyChosen, referenceChosen), rejected: sub(policyRejected, referenceRejected) };
}

/** Converts sums over the tokens of both responses to means. */
export function perToken({ chosen, rejected }: Both, { chosenLength, rejectedLength }: PairLogProbs): Both {
  return { chosen: div(chosen, chosenLength), rejected: div(rejected, rejectedLength) };
}

/** l̄: the mean log-probability of the tokens of both responses under the policy. */
export function meanLogProbs(logProbs: PairLogProbs): Both {
  return perToken({ chosen: logProbs.policyChosen, rejected: logProbs.policyRejected }, logProbs);
}

/** Chosen minus rejected. */
export function margin({ chosen, rejected }: Both): Value {
  return sub(chosen, rejected);
}

/** Δ = ρ_w − ρ_l, or length-normalised ρ_w/|y_w| − ρ_l/|y_l|. */
export function logRatioMargin(logProbs: PairLogProbs, lengthNormalized: boolean): Value {
  const ratios = logRatios(logProbs);
  return margin(lengthNormalized ? perToken(ratios, logProbs) : ratios);
}

/** 1 − x */
export function oneMinus(x: Value): Value;
export function oneMinus(x: Value | number): Value | number;
export function oneMinus(x: Value | number): Value | number {
  return typeof x === "number" ? 1 - x : sub(x.graph.constant(1), x);
}

/** z = β(ρ_w − ρ_l), DPO's logit. */
export function logit(logProbs: PairLogProbs, beta: number): Value {
  return mul(margin(logRatios(logProbs)), beta);
}

/** β·ρ of both responses. */
export function scaledLogRatios(logProbs: PairLogProbs, beta: number): Both {
  const { chosen, rejected } = logRatios(logProbs);
  return { chosen: mul(chosen, beta), rejected: mul(rejected, beta) };
}

/** Computes the weighted mean over the pairs of a step, for a loss that needs whole steps. Padding does not count. */
export function stepMean(perPair: Value, { pairWeight }: PairLogProbs): Value {
  return div(sum(mul(perPair, pairWeight)), sum(pairWeight));
}

/** The threshold between the two forms of {@link logOfOdds}. */
const meeting = 0.7;

/**
 * Computes log p/(1−p) for p = exp(logProb), for log-probabilities of any magnitude; values above −1e-8 are clamped to
 * it.
 *
 * With x = −log p it is −x − log(1−e⁻ˣ). For small x, 1−e⁻ˣ loses significant digits, so the series
 * log(1−e⁻ˣ) = log x − x/2 + x²/24 − x⁴/2880 + x⁶/181440 − … is used.
 */
export function logOfOdds(logProb: Value): Value {
  const x = maximum(neg(logProb), -maxLogProb);
  const small = minimum(x, meeting);
  const square = mul(small, small);
  const tail = add(mul(add(mul(square, 1 / 181440), -1 / 2880), square), 1 / 24);
  const series = add(sub(log(small), mul(small, 1 / 2)), mul(square, tail));
  const direct = log(sub(x.graph.constant(1), exp(neg(maximum(x, meeting)))));
  return neg(add(x, where(less(x, meeting), series, direct)));
}

import {
  add,
  concat,
  less,
  minimum,
  mul,
  reshape,
  stopGradient,
  sub,
  sum,
  tensor,
  where,
  type Value,
} from "../../graph/index.js";
import { InputError } from "../../base/errors.js";
import type { PairLogProbs, PairTokens, PreferenceLoss } from "./loss.js";
import { logit, oneMinus } from "./terms.js";

/** Settings for refining a policy's own labels during training. */
export interface Refinement {
  /** K: share of the pairs that counts as doubtful, in [0, 1]. */
  readonly share: number;
  /** α: assumed probability that a doubtful label is wrong, in [0, ½). */
  readonly smoothing: number;
  /** Steps before the first label is refined. */
  readonly after: number;
}

/** Number of recent pairs whose confidences determine which are low. */
export const confidenceWindow = 50;

const windowName = "loss.refined/window";
const countName = "loss.refined/count";
const stepsName = "loss.refined/steps";

/**
 * A loss whose doubtful labels are smoothed: a pair whose confidence p(y_w ≻ y_l) = σ(β(ρ_w − ρ_l)) under the policy is
 * among the lowest K of the last 50 has the loss (1−α)·L(y_w, y_l) + α·L(y_l, y_w), every other L(y_w, y_l); no
 * gradient flows through this decision (SPA: Kim et al. 2024, arXiv 2406.04412, section 4.2, where L is DPO's). The 50
 * come from the preceding steps. The paper computes the confidence with a model extrapolated from the reference through
 * the policy, with logits (1+λ)·h − λ·h_ref. This is omitted, because it needs the logits of both models for every
 * token, and without the softmax over them it would rank pairs as the policy does.
 *
 * Implicit reward over β: the loss's own.
 *
 * @throws InputError if the loss has no reference, against which confidence is measured
 */
export function refined(loss: PreferenceLoss, { share, smoothing, after }: Refinement): PreferenceLoss {
  if (!loss.reward.needsReference) {
    throw new InputError(
      `refineShare: the loss ${loss.name} has no reference, against which the confidence in a label is measured; set it to 0, or choose a loss with one`,
    );
  }
  return {
    ...loss,
    name: `refined ${loss.name}`,
    settings: { ...loss.settings, share, smoothing, after },
    needsWholeStep: true,
    running: {
      names: [windowName, countName, stepsName, ...(loss.running?.names ?? [])],
      shapes: { ...loss.running?.shapes, [windowName]: [confidenceWindow] },
      update: (logProbs) => new Map([...nextWindow(logProbs, loss.beta), ...(loss.running?.update(logProbs) ?? [])]),
    },
    perPair(logProbs) {
      const wrong = mul(doubtful(logProbs, loss.beta, share, after), smoothing);
      return add(mul(loss.perPair(logProbs), oneMinus(wrong)), mul(loss.perPair(swapped(logProbs)), wrong));
    },
  };
}

/** Returns 1 for each pair whose confidence is among the lowest `share` of the window, else 0: [pairs]. */
function doubtful(logProbs: PairLogProbs, beta: number, share: number, after: number): Value {
  const { window, count, steps } = kept(logProbs);
  const isKnown = where(less(places(logProbs, confidenceWindow), count), 1, 0);
  const isLower = where(less(row(window), column(confidence(logProbs, beta))), 1, 0);
  const lower = sum(mul(isLower, row(isKnown)), [1]);
  return mul(where(less(lower, mul(count, share)), 1, 0), where(less(steps, after), 0, 1));
}

/** Returns the window with the pairs of a step prepended, and its count. */
function nextWindow(logProbs: PairLogProbs, beta: number): ReadonlyMap<string, Value> {
  const { graph, shape } = logProbs.pairWeight;
  const { window, count, steps } = kept(logProbs);
  // Padding comes last and has weight 0.
  const pairs = sum(where(less(graph.constant(0), logProbs.pairWeight), 1, 0));
  const isPair = less(places(logProbs, shape[0]!), pairs);
  const own = where(isPair, places(logProbs, shape[0]!), -1);
  const place = concat([own, add(places(logProbs, confidenceWindow), pairs)], 0);
  const distance = sub(row(place), column(places(logProbs, confidenceWindow)));
  const picks = where(less(mul(distance, distance), 1 / 2), 1, 0);
  const all = concat([confidence(logProbs, beta), window], 0);
  return new Map([
    [windowName, sum(mul(picks, row(all)), [1])],
    [countName, minimum(add(count, pairs), confidenceWindow)],
    [stepsName, add(steps, 1)],
  ]);
}

/** β(ρ_w − ρ_l) ranks pairs like p(y_w ≻ y_l), but does not saturate near 1. */
const confidence = (logProbs: PairLogProbs, beta: number) => stopGradient(logit(logProbs, beta));

function kept({ pairWeight: { graph } }: PairLogProbs) {
  return {
    window: graph.state(windowName, "float32", [confidenceWindow]),
    count: graph.state(countName, "float32", []),
    steps: graph.state(stepsName, "float32", []),
  };
}

/** Returns the pairs with their labels swapped. */
function swapped(logProbs: PairLogProbs): PairLogProbs {
  const { pairWeight, meanChosenLength, columns } = logProbs;
  return {
    ...{ pairWeight, meanChosenLength, columns },
    policyChosen: logProbs.policyRejected,
    policyRejected: logProbs.policyChosen,
    referenceChosen: logProbs.referenceRejected,
    referenceRejected: logProbs.referenceChosen,
    chosenLength: logProbs.rejectedLength,
    rejectedLength: logProbs.chosenLength,
    get tokens() {
      return swappedTokens(logProbs.tokens);
    },
  };
}

/** Getters, because reading an undeclared input throws. */
function swappedTokens(tokens: PairTokens): PairTokens {
  return {
    get policy() {
      return tokens.policy;
    },
    get reference() {
      return tokens.reference;
    },
    get columns() {
      return tokens.columns;
    },
    sums(perToken) {
      const { chosen, rejected } = tokens.sums(perToken);
      return { chosen: rejected, rejected: chosen };
    },
  };
}

const places = ({ pairWeight: { graph } }: PairLogProbs, count: number): Value =>
  graph.constant(
    tensor(
      [count],
      Float32Array.from({ length: count }, (_, i) => i),
    ),
  );
const column = (x: Value): Value => reshape(x, [-1, 1]);
const row = (x: Value): Value => reshape(x, [1, -1]);

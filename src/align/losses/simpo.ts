import { mul, neg, softplus, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { meanLogProb } from "./reward.js";
import { margin, meanLogProbs } from "./terms.js";

/**
 * Simple preference optimisation: −log σ(β(l̄_w − l̄_l) − γ), l̄ the mean log-probability of a response's tokens; there
 * is no reference (Meng, Xia & Chen 2024, arXiv 2405.14734, equation 6). The paper's β is 2 to 10.
 *
 * Implicit reward over β: l̄.
 *
 * @param targetMargin γ ≥ 0, the target reward margin; a pair can override it with the column `targetMargin`. Default
 *   0.5
 */
export function simpo({
  beta,
  targetMargin = 0.5,
}: {
  readonly beta: number;
  readonly targetMargin?: number;
}): PreferenceLoss {
  return {
    name: "simpo",
    beta,
    settings: { targetMargin },
    reward: meanLogProb,
    columns: {
      targetMargin: {
        default: targetMargin,
        optional: true,
        range: { expected: "a number from 0", isGood: (margin) => margin >= 0 },
      },
    },
    perPair: (logProbs) =>
      softplus(neg(sub(mul(margin(meanLogProbs(logProbs)), beta), logProbs.columns.targetMargin ?? targetMargin))),
  };
}

import { add, maximum, mul, sigmoid, stopGradient, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logRatios, stepMean } from "./terms.js";

/**
 * Kahneman-Tversky optimisation on pairs: the mean of 1 − σ(β(ρ_w − KL_l)) and 1 − σ(β(KL_w − ρ_l)), where KL_l and
 * KL_w are max(0, mean of ρ over the step) of the rejected and the chosen responses: each half is compared with the
 * other's divergence (Ethayarajh et al. 2024, arXiv 2402.01306, equation 7 with λ = 1; paired as in their KTO report of
 * December 2023). No gradient flows through the KL terms.
 *
 * Implicit reward over β: ρ.
 */
export function ktoPair({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "kto-pair",
    beta,
    reward: logRatio,
    needsWholeStep: true,
    perPair(logProbs) {
      const { chosen, rejected } = logRatios(logProbs);
      const divergence = (ratios: typeof chosen) => stopGradient(maximum(stepMean(ratios, logProbs), 0));
      const lossChosen = sigmoid(mul(sub(divergence(rejected), chosen), beta));
      const lossRejected = sigmoid(mul(sub(rejected, divergence(chosen)), beta));
      return mul(add(lossChosen, lossRejected), 1 / 2);
    },
  };
}

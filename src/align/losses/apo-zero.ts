import { add, neg, sigmoid } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { scaledLogRatios } from "./terms.js";

/**
 * Anchored preference optimisation, for chosen responses that are better than the policy's own: 1 − σ(βρ_w) + σ(βρ_l),
 * which makes the chosen likelier and the rejected less likely (D'Oosterlinck et al. 2024, arXiv 2408.06266, equation
 * 7). 1 if the policy is the reference.
 *
 * Implicit reward over β: ρ.
 */
export function apoZero({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "apo-zero",
    beta,
    reward: logRatio,
    perPair(logProbs) {
      const { chosen, rejected } = scaledLogRatios(logProbs, beta);
      return add(sigmoid(neg(chosen)), sigmoid(rejected));
    },
  };
}

import { add, neg, sigmoid } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit, scaledLogRatios } from "./terms.js";

/**
 * Anchored preference optimisation, for chosen responses that are worse than the policy's own:
 * σ(βρ_w) + 1 − σ(β(ρ_w − ρ_l)), which makes both less likely, the rejected more so (D'Oosterlinck et al. 2024,
 * arXiv 2408.06266, equation 8). 1 if the policy is the reference.
 *
 * Implicit reward over β: ρ.
 */
export function apoDown({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "apo-down",
    beta,
    reward: logRatio,
    perPair: (logProbs) => add(sigmoid(scaledLogRatios(logProbs, beta).chosen), sigmoid(neg(logit(logProbs, beta)))),
  };
}

import { add, mul, neg, softplus } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { scaledLogRatios } from "./terms.js";

/**
 * Noise contrastive alignment on pairs: −log σ(βρ_w) − ½·log σ(−βρ_w) − ½·log σ(−βρ_l) (Chen et al. 2024, arXiv
 * 2402.05369, on two responses). It constrains each log-ratio separately, not only their difference.
 *
 * Implicit reward over β: ρ.
 */
export function ncaPair({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "nca-pair",
    beta,
    reward: logRatio,
    perPair(logProbs) {
      const { chosen, rejected } = scaledLogRatios(logProbs, beta);
      return add(softplus(neg(chosen)), mul(add(softplus(chosen), softplus(rejected)), 1 / 2));
    },
  };
}

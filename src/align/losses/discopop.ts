import { add, exp, mul, neg, sigmoid, softplus } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit } from "./terms.js";

/**
 * Discovered preference optimisation, the log-ratio modulated loss: (1−m)·(−log σ(z)) + m·e⁻ᶻ, m = σ(z/τ),
 * z = β(ρ_w − ρ_l) (Lu et al. 2024, arXiv 2406.08414, equation 5). It is not convex: at z = 0 its slope is
 * (1 − ln 2)/(4τ) − ¾, which is above 0 for τ < 0.102, so margins fall at first.
 *
 * Implicit reward over β: ρ.
 *
 * @param tau τ in (0, 1]; above 1 the loss would grow exponentially with a wrong margin. Default 0.05, the paper's
 */
export function discopop({ beta, tau = 0.05 }: { readonly beta: number; readonly tau?: number }): PreferenceLoss {
  return {
    name: "discopop",
    beta,
    settings: { tau },
    reward: logRatio,
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const modulation = mul(z, 1 / tau);
      const logistic = mul(sigmoid(neg(modulation)), softplus(neg(z)));
      // m·e⁻ᶻ as exp(log m − z), because m is 0 when e⁻ᶻ overflows.
      return add(logistic, exp(neg(add(softplus(neg(modulation)), z))));
    },
  };
}

import { mul, neg, softplus, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit } from "./terms.js";

/**
 * Robust DPO: [−(1−ε)·log σ(z) + ε·log σ(−z)] / (1−2ε), z = β(ρ_w − ρ_l), whose expectation over labels flipped at rate
 * ε is DPO's loss on clean ones (Chowdhury, Kini & Natarajan 2024, arXiv 2403.00409, section 3.1).
 *
 * Implicit reward over β: ρ.
 *
 * @param labelSmoothing ε in [0, ½), the rate of flips. Default 0.1
 */
export function rdpo({ beta, labelSmoothing = 0.1 }: { readonly beta: number; readonly labelSmoothing?: number }): PreferenceLoss {
  return {
    name: "rdpo",
    beta,
    settings: { labelSmoothing },
    reward: logRatio,
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const clean = mul(softplus(neg(z)), 1 - labelSmoothing);
      return mul(sub(clean, mul(softplus(z), labelSmoothing)), 1 / (1 - 2 * labelSmoothing));
    },
  };
}

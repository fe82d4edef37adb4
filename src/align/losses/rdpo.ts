import { div, mul, neg, softplus, sub } from "../../graph/index.js";
import { smoothingColumn } from "./columns.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit, oneMinus } from "./terms.js";

/**
 * Robust DPO: [−(1−ε)·log σ(z) + ε·log σ(−z)] / (1−2ε), z = β(ρ_w − ρ_l), whose expectation over labels flipped at rate
 * ε is DPO's loss on clean ones (Chowdhury, Kini & Natarajan 2024, arXiv 2403.00409, section 3.1).
 *
 * Implicit reward over β: ρ.
 *
 * @param labelSmoothing ε in [0, ½), the flip rate; a pair can override it with the column `labelSmoothing`. Default
 *   0.1
 */
export function rdpo({
  beta,
  labelSmoothing = 0.1,
}: {
  readonly beta: number;
  readonly labelSmoothing?: number;
}): PreferenceLoss {
  return {
    name: "rdpo",
    beta,
    settings: { labelSmoothing },
    reward: logRatio,
    columns: { labelSmoothing: smoothingColumn(labelSmoothing) },
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const wrong = logProbs.columns.labelSmoothing ?? labelSmoothing;
      const excess = sub(mul(softplus(neg(z)), oneMinus(wrong)), mul(softplus(z), wrong));
      return typeof wrong === "number" ? mul(excess, 1 / (1 - 2 * wrong)) : div(excess, oneMinus(mul(wrong, 2)));
    },
  };
}

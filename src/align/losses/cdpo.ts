import { add, mul, neg, softplus } from "../../graph/index.js";
import { smoothingColumn } from "./columns.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit, oneMinus } from "./terms.js";

/**
 * Conservative DPO, for labels with an error rate ε: −(1−ε)·log σ(z) − ε·log σ(−z), z = β(ρ_w − ρ_l) (Mitchell 2023, "A
 * note on DPO with noisy preferences", ericmitchell.ai/cdpo.pdf; Rafailov et al. 2023 with smoothed labels). Its
 * minimum is at σ(z) = 1−ε. With ε = 0 it is DPO.
 *
 * Implicit reward over β: ρ.
 *
 * @param labelSmoothing ε in [0, ½); a pair can override it with the column `labelSmoothing`. Default 0.1
 */
export function cdpo({
  beta,
  labelSmoothing = 0.1,
}: {
  readonly beta: number;
  readonly labelSmoothing?: number;
}): PreferenceLoss {
  return {
    name: "cdpo",
    beta,
    settings: { labelSmoothing },
    reward: logRatio,
    columns: { labelSmoothing: smoothingColumn(labelSmoothing) },
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const wrong = logProbs.columns.labelSmoothing ?? labelSmoothing;
      return add(mul(softplus(neg(z)), oneMinus(wrong)), mul(softplus(z), wrong));
    },
  };
}

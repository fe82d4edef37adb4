import { add, log, logSigmoid, mul, neg, sigmoid, sub, type Value } from "../../graph/index.js";
import { smoothingColumn } from "./columns.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit, oneMinus } from "./terms.js";

/**
 * Efficient exact optimisation on pairs: the reverse KL from (σ(z), σ(−z)) to the smoothed labels (1−ε, ε),
 * σ(z)·(log σ(z) − log(1−ε)) + σ(−z)·(log σ(−z) − log ε), z = β(ρ_w − ρ_l) (Ji et al. 2024, arXiv 2402.00856,
 * equation 16). Its gradient vanishes for pairs in which the policy strongly prefers the wrong response.
 *
 * Implicit reward over β: ρ.
 *
 * @param labelSmoothing ε in (0, ½); a pair can override it with the column `labelSmoothing`. Default 1e-3, the paper's
 */
export function exoPair({
  beta,
  labelSmoothing = 1e-3,
}: {
  readonly beta: number;
  readonly labelSmoothing?: number;
}): PreferenceLoss {
  return {
    name: "exo-pair",
    beta,
    settings: { labelSmoothing },
    reward: logRatio,
    columns: { labelSmoothing: smoothingColumn(labelSmoothing, true) },
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const wrong = logProbs.columns.labelSmoothing ?? labelSmoothing;
      const side = (logits: Value, share: Value | number) =>
        mul(sigmoid(logits), sub(logSigmoid(logits), typeof share === "number" ? Math.log(share) : log(share)));
      return add(side(z, oneMinus(wrong)), side(neg(z), wrong));
    },
  };
}

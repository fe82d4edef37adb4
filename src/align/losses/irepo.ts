import { mul, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit } from "./terms.js";

/**
 * Iterative preference optimisation by regression: (β(ρ_w − ρ_l) − target)², where each pair's column `target` is the
 * log of the ratio of the responses' strengths (iREPO: Le et al. 2024, arXiv 2405.15230, equation 16). A target below 0
 * means that the rejected response is stronger.
 *
 * Implicit reward over β: ρ.
 */
export function irepo({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    ...{ name: "irepo", beta, reward: logRatio },
    columns: { target: { hint: "use methods.irepo, or give the pairs their log strength ratio as columns.target" } },
    perPair(logProbs) {
      const error = sub(logit(logProbs, beta), logProbs.columns.target!);
      return mul(error, error);
    },
  };
}

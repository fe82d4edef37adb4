import { mul, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio, meanLogRatio } from "./reward.js";
import { logRatioMargin } from "./terms.js";

/**
 * Identity preference optimisation: (Δ − 1/(2β))², with Δ = ρ_w/|y_w| − ρ_l/|y_l|, or summed Δ = ρ_w − ρ_l (Azar et al.
 * 2023, arXiv 2310.12036, equation 17, where β is τ). The paper states the sum; its authors told TRL's that the results
 * used the mean over tokens.
 *
 * Implicit reward over β: ρ/|y|; summed ρ.
 *
 * @param lengthNormalized whether log-ratios are means over tokens. Default true
 */
export function ipo({
  beta,
  lengthNormalized = true,
}: {
  readonly beta: number;
  readonly lengthNormalized?: boolean;
}): PreferenceLoss {
  return {
    name: "ipo",
    beta,
    settings: { lengthNormalized },
    reward: lengthNormalized ? meanLogRatio : logRatio,
    perPair(logProbs) {
      const error = sub(logRatioMargin(logProbs, lengthNormalized), 1 / (2 * beta));
      return mul(error, error);
    },
  };
}

import { add, logSigmoid, mul, neg, softplus } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio, meanLogRatio } from "./reward.js";
import { logRatioMargin, oneMinus } from "./terms.js";

/**
 * Direct preference optimisation: −log σ(β·Δ), where Δ = ρ_w − ρ_l and ρ = log π(y)/π_ref(y) (Rafailov et al. 2023,
 * arXiv 2305.18290, equation 7). ln 2 if the policy is the reference. Length-normalised, Δ = ρ_w/|y_w| − ρ_l/|y_l|
 * (Lambert et al. 2024, arXiv 2411.15124, section 5). A pair may have a soft label in its column `target`, the
 * probability p in [0, 1] that its chosen response is better; the loss is then −p·log σ(β·Δ) − (1−p)·log σ(−β·Δ).
 *
 * Implicit reward over β: ρ; length-normalised ρ/|y|.
 *
 * @param beta strength of the pull towards the reference
 * @param lengthNormalized whether log-ratios are means over tokens. Default false
 */
export function dpo({
  beta,
  lengthNormalized = false,
}: {
  readonly beta: number;
  readonly lengthNormalized?: boolean;
}): PreferenceLoss {
  return {
    name: "dpo",
    beta,
    settings: { lengthNormalized },
    reward: lengthNormalized ? meanLogRatio : logRatio,
    columns: {
      target: {
        default: 1,
        optional: true,
        range: { expected: "a probability in [0, 1]", isGood: (share) => share >= 0 && share <= 1 },
      },
    },
    perPair(logProbs) {
      const z = mul(logRatioMargin(logProbs, lengthNormalized), beta);
      const { target } = logProbs.columns;
      return target ? add(mul(softplus(neg(z)), target), mul(softplus(z), oneMinus(target))) : neg(logSigmoid(z));
    },
  };
}

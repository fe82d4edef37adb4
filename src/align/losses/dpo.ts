import { logSigmoid, mul, neg } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio, meanLogRatio } from "./reward.js";
import { logRatioMargin } from "./terms.js";

/**
 * Direct preference optimisation: −log σ(β·Δ), where Δ = ρ_w − ρ_l and ρ = log π(y)/π_ref(y)
 * (Rafailov et al. 2023, arXiv 2305.18290, equation 7). ln 2 where the policy is the reference.
 * Length-normalised, Δ = ρ_w/|y_w| − ρ_l/|y_l| (Lambert et al. 2024, arXiv 2411.15124, section 5).
 *
 * Implicit reward over β: ρ; length-normalised ρ/|y|.
 *
 * @param beta how strongly the policy is held to the reference
 * @param lengthNormalized whether log-ratios are means over tokens. Default false
 */
export function dpo({ beta, lengthNormalized = false }: { readonly beta: number; readonly lengthNormalized?: boolean }): PreferenceLoss {
  return {
    name: "dpo",
    beta,
    settings: { lengthNormalized },
    reward: lengthNormalized ? meanLogRatio : logRatio,
    perPair: (logProbs) => neg(logSigmoid(mul(logRatioMargin(logProbs, lengthNormalized), beta))),
  };
}

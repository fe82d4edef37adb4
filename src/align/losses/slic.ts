import { maximum, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit } from "./terms.js";

/**
 * The hinge loss of SLiC-HF: max(0, 1 − z), z = β(ρ_w − ρ_l) (Zhao et al. 2023, arXiv 2305.10425, section 2.2; on
 * log-ratios with margin 1/β, as in Liu et al. 2023, arXiv 2309.06657).
 *
 * Implicit reward over β: ρ.
 */
export function slic({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "slic",
    beta,
    reward: logRatio,
    perPair(logProbs) {
      const z = logit(logProbs, beta);
      const { graph } = z;
      return maximum(graph.constant(0), sub(graph.constant(1), z));
    },
  };
}

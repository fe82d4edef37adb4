import { add, mul, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logRatios } from "./terms.js";

/**
 * Self-play preference optimisation with hard labels: (ρ_w − 1/(2β))² + (ρ_l + 1/(2β))² (Wu et al. 2024,
 * arXiv 2405.00675, equation 4.7 with the winning probabilities 1 and 0, where 1/β is η).
 *
 * Implicit reward over β: ρ.
 */
export function sppoHard({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "sppo-hard",
    beta,
    reward: logRatio,
    perPair(logProbs) {
      const { chosen, rejected } = logRatios(logProbs);
      const [errorChosen, errorRejected] = [sub(chosen, 1 / (2 * beta)), add(rejected, 1 / (2 * beta))];
      return add(mul(errorChosen, errorChosen), mul(errorRejected, errorRejected));
    },
  };
}

import { mul, neg, softplus, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { sameRank } from "./same-rank.js";
import { logRatios } from "./terms.js";

/**
 * Alignment via optimal transport, paired: −log σ(β(u_(k) − v_(k))) over the ranks k of a step, with u = log π(y_w) −
 * log π(y_l) under the policy and v the same under the reference, each sorted: the distribution of u, not each u,
 * should lie above that of v (Melnyk et al. 2024, arXiv 2406.05882, section 3 and algorithm 1).
 *
 * Implicit reward over β: ρ.
 */
export function aot({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "aot",
    beta,
    reward: logRatio,
    needsWholeStep: true,
    perPair(logProbs) {
      const policy = sub(logProbs.policyChosen, logProbs.policyRejected);
      const reference = sub(logProbs.referenceChosen, logProbs.referenceRejected);
      return softplus(neg(mul(sub(policy, sameRank(policy, reference, logProbs.pairWeight)), beta)));
    },
  };
}

/**
 * Alignment via optimal transport, unpaired: −log σ(β(ρ_w(k) − ρ_l(k))) over the ranks k of a step, chosen and rejected
 * log-ratios each sorted, whatever prompts they belong to (as {@link aot}).
 *
 * Implicit reward over β: ρ.
 */
export function aotUnpaired({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "aot-unpaired",
    beta,
    reward: logRatio,
    needsWholeStep: true,
    perPair(logProbs) {
      const { chosen, rejected } = logRatios(logProbs);
      return softplus(neg(mul(sub(chosen, sameRank(chosen, rejected, logProbs.pairWeight)), beta)));
    },
  };
}

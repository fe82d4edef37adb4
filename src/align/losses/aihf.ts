import { add, mul, neg, softplus } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { logit, oneMinus } from "./terms.js";

/**
 * Joint learning from preferences and demonstrations, direct form: −log σ(β(ρ_w − ρ_l)) of a pair, and −log π(y | x) of
 * a demonstration, represented as an example with the column `demonstration` 1 and no rejected response (AIHF: Li et
 * al. 2024, arXiv 2406.06874, in the form in which reward and policy coincide). The column `weight` sets the weight of
 * each set.
 *
 * Implicit reward over β: ρ.
 */
export function aihf({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    ...{ name: "aihf", beta, reward: logRatio },
    columns: {
      demonstration: {
        range: { expected: "0 or 1", isGood: (value) => value === 0 || value === 1 },
        hint: "use methods.aihf",
      },
    },
    perPair(logProbs) {
      const { demonstration } = logProbs.columns;
      const ofPair = softplus(neg(logit(logProbs, beta)));
      return add(mul(ofPair, oneMinus(demonstration!)), mul(neg(logProbs.policyChosen), demonstration!));
    },
  };
}

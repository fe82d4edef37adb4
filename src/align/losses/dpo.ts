import { logSigmoid, mul, neg, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";

/**
 * Direct preference optimisation: −log σ(β·Δ), where Δ = log π(y_w)/π_ref(y_w) − log π(y_l)/π_ref(y_l)
 * (Rafailov et al. 2023, arXiv 2305.18290, equation 7). ln 2 where the policy is the reference.
 *
 * @param beta how strongly the policy is held to the reference
 */
export function dpo({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "dpo",
    beta,
    perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected }) {
      const margin = sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected));
      return neg(logSigmoid(mul(margin, beta)));
    },
  };
}

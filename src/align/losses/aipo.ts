import { add, div, mul, neg, softplus, sub } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { margin } from "./terms.js";

/**
 * AIPO, for pairs that a policy generates itself, whose two responses are similar:
 * −log σ(β[s − (1+α)·s_ref]) − λ·log π(y_w | x)/|y_w|, with s = log π(y_w | x) − log π(y_l | x) and s_ref the same
 * under the reference ("AIPO: Improving Training Objective for Iterative Preference Optimization", ICLR 2025 submission
 * 6020). The margin must exceed the reference's by the share α, and the length-normalised likelihood term of the chosen
 * response keeps it from falling along with that of the rejected one. With α = 0 and λ = 0 it is DPO.
 *
 * Implicit reward over β: ρ.
 *
 * @param alpha α, from 0; the paper uses 0.05 to 0.07. Default 0.05
 * @param lambda λ, from 0. Default 0.5
 */
export function aipo({
  beta,
  alpha = 0.05,
  lambda = 0.5,
}: {
  readonly beta: number;
  readonly alpha?: number;
  readonly lambda?: number;
}): PreferenceLoss {
  return {
    name: "aipo",
    beta,
    settings: { alpha, lambda },
    reward: logRatio,
    perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected, chosenLength }) {
      const policy = margin({ chosen: policyChosen, rejected: policyRejected });
      const reference = margin({ chosen: referenceChosen, rejected: referenceRejected });
      const z = mul(sub(policy, mul(reference, 1 + alpha)), beta);
      return add(softplus(neg(z)), mul(div(policyChosen, chosenLength), -lambda));
    },
  };
}

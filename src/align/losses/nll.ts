import { div, neg } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { meanLogProb } from "./reward.js";

/**
 * Negative log-likelihood of the chosen responses, averaged over all their tokens in a step, as in supervised
 * fine-tuning; as an auxiliary term of a preference loss it is that of Pang et al. 2024 (arXiv 2404.19733, equation 1;
 * they divide by each response's own length). The loss of a pair is −log π(y_w | x) divided by the step's mean |y_w|,
 * so that the mean over the pairs of a step is −Σ log π / Σ|y_w|. There is no reference, and rejected responses are
 * ignored.
 *
 * Implicit reward over β, if it is the only loss: l̄, the mean log-probability of a token.
 *
 * @param beta only scales the logged rewards
 */
export function nll({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "nll",
    beta,
    reward: meanLogProb,
    perPair: ({ policyChosen, meanChosenLength }) => neg(div(policyChosen, meanChosenLength)),
  };
}

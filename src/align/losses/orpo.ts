import { add, mul, neg, softplus } from "../../graph/index.js";
import type { PreferenceLoss } from "./loss.js";
import { nll } from "./nll.js";
import { logOdds } from "./reward.js";
import { logOfOdds, margin, meanLogProbs } from "./terms.js";

/**
 * Odds ratio preference optimisation: NLL(y_w) − β·log σ(log-odds_w − log-odds_l), with odds = p̄/(1−p̄), p̄ the geometric
 * mean of a response's token probabilities; there is no reference (Hong, Lee & Thorne 2024, arXiv 2403.07691,
 * equations 4, 6 and 7, where β is λ).
 *
 * Implicit reward over β: the log-odds.
 */
export function orpo({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "orpo",
    beta,
    reward: logOdds,
    perPair(logProbs) {
      const { chosen, rejected } = meanLogProbs(logProbs);
      const ratio = margin({ chosen: logOfOdds(chosen), rejected: logOfOdds(rejected) });
      return add(nll({ beta }).perPair(logProbs), mul(softplus(neg(ratio)), beta));
    },
  };
}

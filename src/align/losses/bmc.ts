import { add, exp, minimum, mul, neg, softplus, stopGradient, sub, type Value } from "../../graph/index.js";
import type { Both, LossColumn, PairLogProbs, PairTokens, PreferenceLoss } from "./loss.js";
import { nll } from "./nll.js";
import { logOdds, logRatio, meanLogRatio } from "./reward.js";
import { logOfOdds, margin, perToken } from "./terms.js";

/*
 * BMC's correlation modelling (Jiang et al. 2024, arXiv 2408.07471, equations 4 to 6): tokens in which the responses of
 * a pair differ have the weight λ = 1 + min(1/π(y_t | x, y_<t), δ) in its sums, without a gradient; all others have
 * weight 1.
 */

/**
 * Whose probabilities weight the reference's tokens: the policy's, as in the paper, or its own, as in the authors'
 * code.
 */
export const referenceWeightings = ["policy", "reference"] as const;

/** Settings of the BMC losses. */
export interface BmcSettings {
  readonly beta: number;
  /** Upper limit of a token's 1/π in its weight. Since 1/π ≥ 1, a δ of 1 is a constant weight of 2. Default 2. */
  readonly delta?: number;
  /** Default "policy". */
  readonly referenceWeights?: (typeof referenceWeightings)[number];
}

const differs: LossColumn = {
  range: { expected: "0 or 1", isGood: (value) => value === 0 || value === 1 },
  hint: "use methods.bmc, or pass columns: tokenDifference()",
};
const settingsOf = ({ delta = 2, referenceWeights = "policy" }: BmcSettings) => ({ delta, referenceWeights });

/** Returns the weights λ of tokens from log-probabilities. */
function weightBy(logProbs: Value, { columns }: PairTokens, delta: number): Value {
  return add(mul(columns.differs!, minimum(stopGradient(exp(neg(logProbs))), delta)), 1);
}

/** Σ λ·(log π − log π_ref) over the tokens of both responses. */
function weightedLogRatios(
  { tokens }: PairLogProbs,
  { delta, referenceWeights }: Required<Omit<BmcSettings, "beta">>,
): Both {
  const { policy, reference, sums } = tokens;
  const weight = weightBy(policy, tokens, delta);
  if (referenceWeights === "policy") return sums(mul(weight, sub(policy, reference)));
  return sums(sub(mul(weight, policy), mul(weightBy(reference, tokens, delta), reference)));
}

/**
 * DPO with BMC's token weights: −log σ(β·Δ), Δ = Σ_t λ_t ρ_t(y_w) − Σ_t λ_t ρ_t(y_l), ρ_t = log π/π_ref of a token
 * (arXiv 2408.07471, equations 4 and 5). ln 2 if the policy is the reference. It needs the token column `differs`.
 *
 * Implicit reward over β: ρ, with equal weights.
 */
export function dpoBmc(given: BmcSettings): PreferenceLoss {
  const { beta } = given;
  const settings = settingsOf(given);
  return {
    ...{ name: "dpo-bmc", beta, settings, reward: logRatio, tokens: { reference: true, columns: { differs } } },
    perPair: (logProbs) => softplus(mul(neg(margin(weightedLogRatios(logProbs, settings))), beta)),
  };
}

/**
 * IPO with BMC's token weights: (Δ − 1/(2β))², with the weighted sums divided by the responses' lengths, as in the
 * authors' code (arXiv 2408.07471, section 4.4). It needs the token column `differs`.
 *
 * Implicit reward over β: ρ/|y|, with equal weights.
 */
export function ipoBmc(given: BmcSettings): PreferenceLoss {
  const { beta } = given;
  const settings = settingsOf(given);
  return {
    ...{ name: "ipo-bmc", beta, settings, reward: meanLogRatio, tokens: { reference: true, columns: { differs } } },
    perPair(logProbs) {
      const error = sub(margin(perToken(weightedLogRatios(logProbs, settings), logProbs)), 1 / (2 * beta));
      return mul(error, error);
    },
  };
}

/**
 * ORPO with BMC's token weights: NLL(y_w) − β·log σ(log-odds_w − log-odds_l), with the odds of exp(Σ λ log π / |y|);
 * the likelihood itself is not weighted (arXiv 2408.07471, section 4.4). There is no reference. It needs the token
 * column `differs`.
 *
 * Implicit reward over β: the log-odds, with equal weights.
 */
export function orpoBmc({ beta, delta = 2 }: Omit<BmcSettings, "referenceWeights">): PreferenceLoss {
  return {
    ...{ name: "orpo-bmc", beta, settings: { delta }, reward: logOdds, tokens: { columns: { differs } } },
    perPair(logProbs) {
      const { tokens } = logProbs;
      const { chosen, rejected } = perToken(
        tokens.sums(mul(weightBy(tokens.policy, tokens, delta), tokens.policy)),
        logProbs,
      );
      const ratio = margin({ chosen: logOfOdds(chosen), rejected: logOfOdds(rejected) });
      return add(nll({ beta }).perPair(logProbs), mul(softplus(neg(ratio)), beta));
    },
  };
}

import { add, div, mul, neg, softplus, stopGradient, sub, type Value } from "../../graph/index.js";
import type { PairLogProbs, PreferenceLoss } from "./loss.js";
import { logRatio } from "./reward.js";
import { scaledLogRatios, stepMean } from "./terms.js";

const meanName = "loss.bco-pair/meanReward";
const stepsName = "loss.bco-pair/steps";

/**
 * Binary classifier optimisation on pairs: −log σ(βρ_w − δ) − log σ(δ − βρ_l), where the reward shift δ is the mean
 * over all steps so far, including this one, of the step's mean reward (mean βρ_w + mean βρ_l)/2 (Jung et al. 2024,
 * arXiv 2404.04656, section 3, without the importance weights, which pairs do not need). No gradient flows through δ.
 *
 * Implicit reward over β: ρ.
 */
export function bcoPair({ beta }: { readonly beta: number }): PreferenceLoss {
  return {
    name: "bco-pair",
    beta,
    reward: logRatio,
    needsWholeStep: true,
    running: {
      names: [meanName, stepsName],
      update(logProbs) {
        const { mean, steps } = runningMean(logProbs, beta);
        return new Map([
          [meanName, mean],
          [stepsName, steps],
        ]);
      },
    },
    perPair(logProbs) {
      const { chosen, rejected } = scaledLogRatios(logProbs, beta);
      const shift = runningMean(logProbs, beta).mean;
      return add(softplus(neg(sub(chosen, shift))), softplus(sub(rejected, shift)));
    },
  };
}

/** Returns the running mean of the steps' mean rewards, and the number of steps, after this step. */
function runningMean(logProbs: PairLogProbs, beta: number): { mean: Value; steps: Value } {
  const { graph } = logProbs.pairWeight;
  const before = graph.state(meanName, "float32", []);
  const steps = add(graph.state(stepsName, "float32", []), 1);
  const { chosen, rejected } = scaledLogRatios(logProbs, beta);
  const now = stopGradient(mul(stepMean(add(chosen, rejected), logProbs), 1 / 2));
  return { mean: add(before, div(sub(now, before), steps)), steps };
}

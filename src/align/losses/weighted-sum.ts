import { add, mul } from "../../graph/index.js";
import { inputsOfSum } from "./columns.js";
import type { PreferenceLoss } from "./loss.js";
import type { ImplicitReward } from "./reward.js";

/** A loss and its weight in a sum. */
export interface WeightedLoss {
  readonly weight: number;
  readonly loss: PreferenceLoss;
}

/**
 * Σ weight · loss; the losses share one β.
 *
 * Implicit reward over β: the weighted mean of those of the losses. The negative log-likelihood, which compares no
 * responses, is excluded unless it is the only loss.
 */
export function weightedSum(terms: readonly WeightedLoss[]): PreferenceLoss {
  const running = terms.flatMap(({ loss }) => loss.running ?? []);
  return {
    name: terms.map(({ weight, loss }) => `${loss.name}=${weight}`).join(","),
    beta: terms[0]!.loss.beta,
    settings: { terms },
    reward: meanReward(terms),
    ...inputsOfSum(terms.map(({ loss }) => loss)),
    needsWholeStep: terms.some(({ loss }) => loss.needsWholeStep),
    ...(running.length > 0 && {
      running: {
        names: running.flatMap(({ names }) => names),
        shapes: Object.assign({}, ...running.map(({ shapes }) => shapes)),
        update: (logProbs) => new Map(running.flatMap(({ update }) => [...update(logProbs)])),
      },
    }),
    perPair: (logProbs) =>
      terms.map(({ weight, loss }) => mul(loss.perPair(logProbs), weight)).reduce((a, b) => add(a, b)),
  };
}

function meanReward(terms: readonly WeightedLoss[]): ImplicitReward {
  const comparing = terms.filter(({ loss }) => loss.name !== "nll");
  const counted = comparing.length > 0 ? comparing : terms;
  const rewards = new Set(counted.map(({ loss }) => loss.reward));
  if (rewards.size === 1) return counted[0]!.loss.reward;
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  return {
    name: counted.map(({ weight, loss }) => `${loss.reward.name}=${weight}`).join(","),
    needsReference: counted.some(({ loss }) => loss.reward.needsReference),
    of: (response) => counted.reduce((sum, { weight, loss }) => sum + (weight / total) * loss.reward.of(response), 0),
  };
}

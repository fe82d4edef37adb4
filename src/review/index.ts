export {
  finiteLogProbs,
  pairLogProbs,
  pairRewards,
  rewardMargins,
  type PairValues,
  type Scorer,
} from "./log-ratios.js";
export { ensemble, margins, type Margin } from "./margins.js";
export { cachedPairLogProbs } from "./reference-cache.js";
export * from "./select/index.js";

export {
  formPairs,
  isEmptyResponse,
  rankedDistinct,
  type BootstrapCounts,
  type BootstrappedRow,
  type SamplePair,
} from "./form-pairs.js";
export { judgeSamples, type ResponseJudge, type ResponseText } from "./judge.js";
export { kCentre } from "./k-centre.js";
export { labelSamples, type LabelledSample, type Labellers } from "./label.js";
export { balancingPenalty, firstBalancingPenalty, penalizeLength, penaltyGrid } from "./length-penalty.js";
export { pairings, type Pairing, type PairingName, type Ranked } from "./pairings.js";
export { selfAugmentation, longestRewritten, type SelfAugmentationSettings } from "./self-augmentation.js";
export { isRewrittenWhole } from "./segment.js";
export {
  distinctPrompts,
  sampleRequests,
  sampleResponses,
  samplesOf,
  type Sample,
} from "./sample.js";
export { drawVotes } from "./votes.js";

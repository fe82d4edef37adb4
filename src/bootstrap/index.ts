export { formPairs, type BootstrapCounts, type BootstrappedRow, type SamplePair } from "./form-pairs.js";
export { labelSamples, type LabelledSample, type Labellers } from "./label.js";
export { distinctPrompts, sampleResponses, type PromptTokens, type Sample } from "./sample.js";

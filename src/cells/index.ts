export { compare, Comparison, type CompareOptions, type Difference } from "./compare.js";
export { comparison } from "./comparison.js";
export { loadDemonstrations, loadPreferences } from "./load-data.js";
export { loadModel, type LoadModelOptions } from "./load-model.js";
export { respond, type RespondOptions } from "./respond.js";
export { Run, type Iteration, type MarginRow } from "./run.js";
export { streamResponse } from "./stream-response.js";
export { align, sera, type RunOptions } from "./sera.js";
export { train, type RunSettings } from "./train.js";

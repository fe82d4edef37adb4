export { comparison } from "./comparison.js";
export { loadModel } from "./load-model.js";
export { respond, type RespondOptions } from "./respond.js";
export { Run, type Iteration, type MarginRow } from "./run.js";
export { align, sera, type RunOptions } from "./sera.js";

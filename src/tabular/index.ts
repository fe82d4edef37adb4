export { candidateWeights, type Candidate, type WeightingOptions } from "./candidate-weights.js";
export { GridWorld, type GridOptions } from "./grid-world.js";
export { offlineValues, type OfflineOptions, type OfflineValues, type Transition } from "./offline-values.js";
export { regularizedLoss, regularizedValues, trust, type ActionData } from "./regularized-values.js";

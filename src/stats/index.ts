/**
 * Statistics of comparisons: means, shares and correlations, intervals over seeds and prompts, and what they say about a claim.
 *
 * @module sera-lab/stats
 */

export { agreementOf, type Agreement } from "./agreement.js";
export { claimRow, type ClaimRow, type Verdict } from "./claim.js";
export { correlationOf, type Correlation } from "./correlation.js";
export { crossedInterval, type CrossedInterval, type ValueRange } from "./crossed.js";
export { holmAdjusted } from "./holm.js";
export { bootstrapInterval, bootstrapIntervalOf, type Interval } from "./interval.js";
export { mean, share } from "./mean.js";
export { crossedDifference, minus, overSeeds } from "./rows.js";
export { zermelo } from "./zermelo.js";

import type { Interval } from "./interval.js";

/**
 * What an interval says about the claim that a figure is above some value: all of it is above, all of it is below, or it
 * contains the value, so that the result is inconclusive.
 */
export type Verdict = "holds" | "does not hold" | "cannot be told";

/** A claim and what was found. */
export interface ClaimRow {
  readonly claim: string;
  /** Mean of the figure that should be above `least`. */
  readonly found: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/**
 * Checks a claim and returns it as a row of a table. The claim holds if the figure's whole interval is above `least`,
 * does not hold if all of it is below, and otherwise cannot be told: the result is inconclusive.
 *
 * @param figure the figure with its interval, such as a difference of two methods
 * @param least value that the figure should exceed; below 0 for "not worse by more than". Default 0
 * @example showTable([claimRow("SeRA above DPO", result.difference("SeRA", "DPO"))])
 */
export function claimRow(claim: string, { mean, low, high }: Interval, least = 0): ClaimRow {
  const verdict = low > least ? "holds" : high < least ? "does not hold" : "cannot be told";
  return { claim, found: mean, low, high, verdict };
}

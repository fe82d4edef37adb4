import type { Interval } from "./interval.js";

/** What an interval says of a claim that a figure is above some value. */
export type Verdict = "holds" | "does not hold" | "cannot be told";

/** A claim beside what was found. */
export interface ClaimRow {
  readonly claim: string;
  /** The figure that should be above the least, in the mean. */
  readonly found: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/**
 * A claim as a row of a table. It holds where the whole interval of the figure is above the least, does not hold where all of it is
 * below, and otherwise cannot be told.
 *
 * @param figure such as a difference of two methods, with its interval
 * @param least what the figure should be above; below 0 for "not worse by more than". Default 0
 * @example showTable([claimRow("SeRA above DPO", result.difference("SeRA", "DPO"))])
 */
export function claimRow(claim: string, { mean, low, high }: Interval, least = 0): ClaimRow {
  const verdict = low > least ? "holds" : high < least ? "does not hold" : "cannot be told";
  return { claim, found: mean, low, high, verdict };
}

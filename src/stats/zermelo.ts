import { InputError, quote } from "../base/errors.js";
import { mean } from "./mean.js";

/** Maximum number of steps, after which the current strengths are used; a dozen are usual. */
const mostSteps = 10_000;
const tolerance = 1e-13;
/** Bounds of the counts, within which no float64 sum loses them. */
export const leastPseudoCounts = 1e-9;
const mostCounts = 1e9;

/**
 * Computes the strengths w of competitors that best fit the share of votes for i against j by w_i/(w_i + w_j): the
 * maximum-likelihood estimate of the Bradley–Terry model (Zermelo 1929), by Newman's iteration (2023, arXiv 2207.00076,
 * equation 22). The logarithms of the strengths sum to 0.
 *
 * @param wins `wins[i][j]` is how often i was preferred to j
 * @param pseudoCounts added to every `wins[i][j]` with i ≠ j, so that a unanimous vote gives a finite strength. In
 *   [1e-9, 1e9], default ½
 * @throws InputError if the table is not square, a count is negative, above 1e9 or not a number, or the strengths are
 *   too far apart for a float64
 */
export function zermelo(wins: readonly (readonly number[])[], pseudoCounts = 0.5): number[] {
  if (!(pseudoCounts >= leastPseudoCounts && pseudoCounts <= mostCounts))
    throw new InputError(
      `pseudoCounts: found ${quote(pseudoCounts)}, expected a number in [${leastPseudoCounts}, ${mostCounts}]`,
    );
  for (const row of wins) {
    if (row.length !== wins.length || !row.every((count) => count >= 0 && count <= mostCounts))
      throw new InputError(
        `wins: found the row ${quote(row)}, expected ${wins.length} numbers in [0, ${mostCounts}], one for each competitor`,
      );
  }
  // A single competitor has no wins or losses: the iteration would divide 0 by 0.
  if (wins.length === 1) return [1];
  const count = (i: number, j: number) => (i === j ? 0 : wins[i]![j]! + pseudoCounts);
  const logs = wins.map(() => 0);
  for (let step = 0; step < mostSteps; step++) {
    let moved = 0;
    // Update one after another: simultaneous updates oscillate about the maximum.
    for (let i = 0; i < logs.length; i++) {
      const own = Math.exp(logs[i]!);
      const sum = (valueOf: (other: number, j: number) => number) =>
        logs.reduce((total, log, j) => total + valueOf(Math.exp(log), j), 0);
      const next =
        Math.log(sum((other, j) => (count(i, j) * other) / (own + other))) -
        Math.log(sum((other, j) => count(j, i) / (own + other)));
      moved = Math.max(moved, Math.abs(next - logs[i]!));
      logs[i] = next;
    }
    const centre = mean(logs);
    logs.forEach((log, i) => (logs[i] = log - centre));
    // Also stop on NaN, after which nothing will change.
    if (!(moved >= tolerance)) break;
  }
  const strengths = logs.map(Math.exp);
  if (!strengths.every((strength) => strength > 0 && strength < Infinity))
    throw new InputError(
      `wins: the strengths of these ${wins.length} competitors lie too far apart for a float64; raise pseudoCounts (${pseudoCounts})`,
    );
  return strengths;
}

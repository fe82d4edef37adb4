import { InputError, quote } from "../base/errors.js";

/** Steps after which strengths that still move are taken as they are; a dozen are usual. */
const mostSteps = 10_000;
const tolerance = 1e-13;

/**
 * Strengths w of competitors under which w_i/(w_i + w_j) is as near as it can be to the share of votes for i against j: the
 * maximum likelihood of the Bradley–Terry model (Zermelo 1929), by Newman's iteration (2023, arXiv 2207.00076, equation
 * 22). Their logarithms add up to 0.
 *
 * @param wins `wins[i][j]` is how often i was preferred to j
 * @param pseudoCounts added to every `wins[i][j]` of different i and j; above 0, so that a unanimous vote has a finite strength. Default ½
 * @throws InputError where the table is not square, or a count is negative or not a number
 */
export function zermelo(wins: readonly (readonly number[])[], pseudoCounts = 0.5): number[] {
  if (!(pseudoCounts > 0 && pseudoCounts < Infinity))
    throw new InputError(`pseudoCounts: found ${quote(pseudoCounts)}, expected a number above 0`);
  for (const row of wins) {
    if (row.length !== wins.length || !row.every((count) => count >= 0 && count < Infinity))
      throw new InputError(
        `wins: found the row ${quote(row)}, expected ${wins.length} numbers from 0, one for each competitor`,
      );
  }
  const count = (i: number, j: number) => (i === j ? 0 : wins[i]![j]! + pseudoCounts);
  const logs = wins.map(() => 0);
  for (let step = 0; step < mostSteps; step++) {
    let moved = 0;
    // One after another: strengths that all move at once swing about the maximum.
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
    const mean = logs.reduce((total, log) => total + log, 0) / logs.length;
    logs.forEach((log, i) => (logs[i] = log - mean));
    if (moved < tolerance) break;
  }
  return logs.map(Math.exp);
}

/**
 * Adjusts p-values for multiple testing (Holm 1979, Scandinavian Journal of Statistics 6): in ascending order, the i-th
 * of m is multiplied by m − i + 1 and raised to at least the one before it. If all hypotheses with an adjusted p-value
 * below α are rejected, the probability of any false rejection is at most α.
 *
 * @returns the adjusted values in the original order
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((i, j) => pValues[i]! - pValues[j]!);
  const adjusted = new Array<number>(pValues.length);
  let greatest = 0;
  for (const [rank, i] of order.entries()) {
    greatest = Math.max(greatest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = greatest;
  }
  return adjusted;
}

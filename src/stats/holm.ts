/**
 * p-values corrected for being one of several (Holm 1979, Scandinavian Journal of Statistics 6): in rising order the
 * i-th of m is multiplied by m − i + 1, and none is less than one before it. Where all hypotheses with a corrected
 * p-value below α are rejected, the chance of one wrong rejection is at most α.
 *
 * @returns the corrected values in the order given
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

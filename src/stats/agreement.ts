/** Agreement of two raters on the same items. */
export interface Agreement {
  readonly items: number;
  /** Share of items that both gave the same label. */
  readonly share: number;
  /**
   * Cohen's κ (1960): (share − chance) / (1 − chance), with the agreement expected by chance; null if both gave a
   * single label throughout.
   */
  readonly kappa: number | null;
}

/**
 * Computes the agreement of two raters who labelled the same items.
 *
 * @throws RangeError if there are no labels, or the lists differ in length
 */
export function agreementOf(first: readonly string[], second: readonly string[]): Agreement {
  const items = first.length;
  if (items === 0 || second.length !== items) throw new RangeError(`agreement of ${items} and ${second.length} labels`);
  const shareOf = (labels: readonly string[], label: string) =>
    labels.filter((other) => other === label).length / items;
  const share = first.filter((label, i) => label === second[i]).length / items;
  const chance = [...new Set(first)].reduce((sum, label) => sum + shareOf(first, label) * shareOf(second, label), 0);
  return { items, share, kappa: chance === 1 ? null : (share - chance) / (1 - chance) };
}

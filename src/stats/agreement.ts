/** How far two raters agree on the same items. */
export interface Agreement {
  readonly items: number;
  /** Share of items to which both gave the same label. */
  readonly share: number;
  /** Cohen's κ (1960): that share less the one expected by chance, of what chance leaves; null if both gave one label alone. */
  readonly kappa: number | null;
}

/**
 * Agreement of two raters who labelled the same items.
 *
 * @throws RangeError if there are none, or not equally many
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

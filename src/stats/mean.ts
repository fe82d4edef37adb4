/**
 * The arithmetic mean.
 *
 * @returns NaN where there are no values
 */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The share of the items for which something holds.
 *
 * @returns a number from 0 to 1; NaN where there are no items
 * @example share(run.iteration(2).margins.objects() as ReviewedRow[], ({ kept }) => kept)
 */
export function share<T>(items: readonly T[], holds: (item: T) => boolean | undefined): number {
  return items.filter(holds).length / items.length;
}

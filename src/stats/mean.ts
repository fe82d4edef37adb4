/**
 * Computes the arithmetic mean.
 *
 * @returns NaN if there are no values
 */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Computes the share of items that satisfy a predicate.
 *
 * @returns a number from 0 to 1; NaN if there are no items
 * @example share(run.iteration(2).margins.objects() as ReviewedRow[], ({ kept }) => kept)
 */
export function share<T>(items: readonly T[], holds: (item: T) => boolean | undefined): number {
  return items.filter(holds).length / items.length;
}

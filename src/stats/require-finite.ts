/**
 * Checks that values can be averaged.
 *
 * @throws RangeError naming the first value that is not a finite number
 */
export function requireFinite(values: readonly number[]): void {
  for (const [i, value] of values.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`value ${i + 1}: found ${value}, expected a finite number`);
  }
}

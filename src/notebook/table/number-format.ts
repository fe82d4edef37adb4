/** Significant digits of a column's typical number. */
const digits = 4;
/** Maximum number of decimals; more would push the digits that matter out of sight. */
const mostDecimals = 7;
/** Additional decimals allowed for the smallest number of a column. */
const moreDecimals = 2;
/** Numbers of this size or larger are written with an exponent. */
const huge = 1e9;
const hugeInteger = 1e15;

/**
 * Chooses the number format of a column: whole numbers get thousands separators; other numbers share a number of
 * decimals, so that the decimal points line up. That number gives a typical value four significant digits, plus up to
 * two more decimals if the smallest value would otherwise round to zero. Even smaller and huge numbers have an
 * exponent.
 *
 * @param values the column's numbers; NaN and infinities do not count
 * @example numberFormat([0.5, 12.25])(0.5) // "0.50"
 */
export function numberFormat(values: readonly number[]): (value: number) => string {
  const finite = values.filter(Number.isFinite);
  return unlessSpecial(finite.every(Number.isInteger) ? integer : fraction(finite));
}

function unlessSpecial(format: (value: number) => string): (value: number) => string {
  return (value) => (Number.isFinite(value) ? format(value) : String(value));
}

function integer(value: number): string {
  return Math.abs(value) < hugeInteger ? value.toLocaleString("en-US") : exponential(value, digits - 1);
}

function fraction(values: readonly number[]): (value: number) => string {
  const sizes = values
    .filter((value) => value !== 0)
    .map(Math.abs)
    .sort((a, b) => a - b);
  const at = (share: number) => sizes[Math.floor(share * sizes.length)]!;
  // The lower quartile keeps two digits of small numbers next to large ones.
  const wanted = Math.max(digits - 1 - magnitude(at(0.5)), 1 - magnitude(at(0.25)), 0);
  if (digits - 1 - magnitude(at(0.5)) > mostDecimals || at(0.5) >= huge) {
    const kept = needed(values, (value) => exponential(value, digits - 1));
    return (value) => (value === 0 ? "0" : exponential(value, kept));
  }
  // With a few more decimals, a small number has the same format as its neighbours.
  const least = sizes.length > 0 ? -magnitude(sizes[0]!) : 0;
  const most = Math.min(least <= wanted + moreDecimals ? Math.max(wanted, least) : wanted, mostDecimals);
  const inDecimals = (value: number) => value === 0 || (Math.abs(value) >= 0.5 * 10 ** -most && Math.abs(value) < huge);
  const decimals = needed(values.filter(inDecimals), (value) => value.toFixed(most));
  const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return (value) => (inDecimals(value) ? format.format(value) : exponential(value, digits - 1));
}

function magnitude(size: number): number {
  return Math.floor(Math.log10(size));
}

function exponential(value: number, decimals: number): string {
  return value.toExponential(decimals);
}

/** Number of decimals left after dropping the trailing zeros that all numbers share. */
function needed(values: readonly number[], write: (value: number) => string): number {
  const lengths = values.map((value) => /\.(\d*[1-9])?/.exec(write(value))?.[1]?.length ?? 0);
  return lengths.reduce((a, b) => Math.max(a, b), 0);
}

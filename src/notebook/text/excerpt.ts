import { InputError } from "../../base/errors.js";

/** How many of many are shown. */
export interface ExcerptOptions {
  /** At most so many, from the beginning; 5 by default. */
  readonly limit?: number;
}

/** The first of many, and a line that says so where there are more. */
export function excerpt<T>(
  items: readonly T[],
  { limit = 5 }: ExcerptOptions,
  noun: string,
): { shown: readonly T[]; note: string } {
  if (!Number.isInteger(limit) || limit < 1)
    throw new InputError(`limit: found ${limit}, expected a whole number from 1`);
  const shown = items.slice(0, limit);
  const left = items.length - shown.length;
  if (items.length === 0) return { shown, note: `no ${noun}` };
  return { shown, note: left > 0 ? `${shown.length} of ${items.length.toLocaleString("en-US")} ${noun}` : "" };
}

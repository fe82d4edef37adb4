import { InputError, quote } from "../../base/errors.js";
import { checkOptionNames, namesOf } from "../../base/option-names.js";

/** Options of {@link excerpt}. */
export interface ExcerptOptions {
  /** Maximum number of items to show, from the beginning. Default 5. */
  readonly limit?: number;
}

/** Shows the first items, with a line that says so if there are more. */
export function excerpt<T>(
  items: readonly T[],
  options: ExcerptOptions,
  noun: string,
  taker: string,
): { shown: readonly T[]; note: string } {
  checkOptionNames(taker, options, namesOf<ExcerptOptions>({ limit: true }));
  const { limit = 5 } = options;
  if (!Number.isInteger(limit) || limit < 1)
    throw new InputError(`limit: found ${quote(limit)}, expected a whole number from 1`);
  const shown = items.slice(0, limit);
  const left = items.length - shown.length;
  if (items.length === 0) return { shown, note: `no ${noun}` };
  return { shown, note: left > 0 ? `${shown.length} of ${items.length.toLocaleString("en-US")} ${noun}` : "" };
}

import { InputError, quote } from "../base/errors.js";

/**
 * Returns `share · total`, rounded to the nearest whole number.
 *
 * @throws {InputError} for a share outside [0, 1]
 */
export function countOf(share: number, total: number): number {
  if (!(typeof share === "number" && share >= 0 && share <= 1))
    throw new InputError(`share: found ${quote(share)}, expected a number from 0 to 1`);
  return Math.round(share * total);
}

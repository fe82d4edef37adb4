import { InputError, quote } from "./errors.js";

/**
 * Checks an option that the user gave.
 *
 * @throws InputError `name: found …, expected …` unless it is good
 */
export function requireOption(good: boolean, name: string, found: number, expected: string): void {
  if (!good) throw new InputError(`${name}: found ${found}, expected ${expected}`);
}

/**
 * Checks an option that is one of some names.
 *
 * @throws InputError naming them unless it is
 */
export function requireOneOf(name: string, found: string, known: readonly string[]): void {
  if (!known.includes(found)) throw new InputError(`${name}: found ${quote(found)}, expected one of ${known.join(", ")}`);
}

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

/**
 * Checks that there is an option of every name that the user gave; a cell may pass an object whose type says less than it holds.
 *
 * @throws InputError naming the first that is none, and those that there are
 */
export function requireKnown(given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InputError(`found the option ${JSON.stringify(unknown)}, expected one of ${known.join(", ")}`);
}

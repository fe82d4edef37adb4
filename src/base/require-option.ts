import { InputError, quote } from "./errors.js";

/**
 * Checks an option given by the user.
 *
 * @throws InputError `name: found …, expected …` unless it is good
 */
export function requireOption(good: boolean, name: string, found: unknown, expected: string): void {
  if (!good) throw new InputError(`${name}: found ${quote(found)}, expected ${expected}`);
}

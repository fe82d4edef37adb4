import { InputError } from "./errors.js";

/**
 * Checks an option given by the user.
 *
 * @throws InputError `name: found …, expected …` unless it is good
 */
export function requireOption(good: boolean, name: string, found: number, expected: string): void {
  if (!good) throw new InputError(`${name}: found ${found}, expected ${expected}`);
}

import { InputError, quote } from "./errors.js";
import { nearestName } from "./nearest.js";

/**
 * Checks that options are an object with only known names, because a notebook cell may pass anything.
 *
 * @param taker name of the function in messages
 * @throws InputError if they are not an object, or naming the first unknown option and the nearest known one
 */
export function checkOptionNames(taker: string, options: unknown, known: readonly string[]): void {
  requireOptions(taker, options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InputError(`\`${unknown}\` is not an option of ${taker}; ${adviceOnName(unknown, known)}`);
}

/** Lists the options of a type; the compiler checks that none is missing. */
export function namesOf<Options extends object>(names: { readonly [Name in keyof Required<Options>]: true }): string[] {
  return Object.keys(names);
}

/**
 * Says which option was probably meant by an unknown one, or lists the options.
 *
 * @param spelled spelling of an option in messages
 */
export function adviceOnName(
  unknown: string,
  known: readonly string[],
  spelled = (name: string): string => `\`${name}\``,
): string {
  const nearest = nearestName(unknown, known);
  return nearest ? `did you mean ${spelled(nearest)}?` : `its options are ${known.map(spelled).join(", ")}`;
}

/** @throws InputError if options are not an object */
export function requireOptions(taker: string, options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new InputError(`the options of ${taker}: found ${quote(options)}, expected an object such as {}`);
}

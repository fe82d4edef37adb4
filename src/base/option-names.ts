import { InputError, quote } from "./errors.js";
import { nearestName } from "./nearest.js";

/**
 * Checks that options are an object of names that a function knows: what comes from a cell may be anything.
 *
 * @param taker the function, as messages call it
 * @throws InputError if they are no object, or naming the first that it does not know, with the nearest that it does
 */
export function checkOptionNames(taker: string, options: unknown, known: readonly string[]): void {
  requireOptions(taker, options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InputError(`\`${unknown}\` is not an option of ${taker}; ${adviceOnName(unknown, known)}`);
}

/**
 * What was probably meant by an unknown option, or which options there are.
 *
 * @param spelled how messages write an option
 */
export function adviceOnName(
  unknown: string,
  known: readonly string[],
  spelled = (name: string): string => `\`${name}\``,
): string {
  const nearest = nearestName(unknown, known);
  return nearest ? `did you mean ${spelled(nearest)}?` : `its options are ${known.map(spelled).join(", ")}`;
}

/** @throws InputError if options are no object */
export function requireOptions(taker: string, options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new InputError(`the options of ${taker}: found ${quote(options)}, expected an object such as {}`);
}

import { InputError, quote } from "./errors.js";
import { nearestName } from "./nearest.js";

/**
 * Checks that options are an object of names that a function knows: what comes from a cell may be anything.
 *
 * @param taker the function, as messages call it
 * @throws InputError where they are no object, or naming the first that it does not know, with the nearest that it does
 */
export function checkOptionNames(taker: string, options: unknown, known: readonly string[]): void {
  requireOptions(taker, options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const advice = nearest
    ? `did you mean \`${nearest}\`?`
    : `its options are ${known.map((name) => `\`${name}\``).join(", ")}`;
  throw new InputError(`\`${unknown}\` is not an option of ${taker}; ${advice}`);
}

/** @throws InputError where options are no object */
export function requireOptions(taker: string, options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new InputError(`the options of ${taker}: found ${quote(options)}, expected an object such as {}`);
}

import { TemplateError, type Value } from "./values.js";

/**
 * Binds arguments to the names of a function's parameters; undefined for those not given.
 *
 * @param names in order; those after `least` are optional
 * @throws TemplateError if too few, too many or unknown arguments are given
 */
export function bound(
  what: string,
  names: readonly string[],
  least: number,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): (Value | undefined)[] {
  if (args.length > names.length)
    throw new TemplateError(`${what} takes at most ${names.length} arguments (${args.length} given)`);
  const values: (Value | undefined)[] = names.map((name, i) => args[i] ?? (i < args.length ? null : named.get(name)));
  for (const name of named.keys()) {
    const at = names.indexOf(name);
    if (at === -1) throw new TemplateError(`${what} has no argument '${name}', or it is not supported`);
    if (at < args.length) throw new TemplateError(`${what} got several values for '${name}'`);
  }
  const missing = names.slice(0, least).find((_, i) => values[i] === undefined);
  if (missing !== undefined) throw new TemplateError(`${what} is missing its argument '${missing}'`);
  return values;
}

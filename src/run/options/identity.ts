import { InputError } from "../../base/errors.js";

/** A value that JSON keeps as it is. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * Options as they stand in a run's identity: parts of one's own by what they state of themselves and their settings,
 * everything else as it is.
 *
 * @throws InputError where a function stands alone, with nothing that tells it from others
 */
export function identityOf(options: object): { readonly [name: string]: JsonValue } {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, jsonOf(name, value)]),
  );
}

function jsonOf(path: string, value: unknown): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : `${value}`;
  if (Array.isArray(value)) return value.map((part: unknown, i) => jsonOf(`${path}[${i}]`, part));
  if (typeof value === "object") return objectJson(path, value);
  throw new InputError(`${path}: a ${typeof value} has no place in a run's identity; pass an object with a name, a version and the function`);
}

/** The functions of an object that says which it is need not be told apart. */
function objectJson(path: string, value: object): JsonValue {
  const isNamed = "name" in value && typeof value.name === "string";
  const kept = Object.entries(value).filter(([, part]) => part !== undefined && !(isNamed && typeof part === "function"));
  return Object.fromEntries(kept.map(([name, part]) => [name, jsonOf(`${path}.${name}`, part)]));
}

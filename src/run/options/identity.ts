import { InputError } from "../../base/errors.js";

/** A value that survives a round trip through JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Returns options in the form stored in a run's identity: custom parts by their declared name, version and settings,
 * everything else unchanged.
 *
 * @throws InputError if a function is not part of a named object, or a value cannot be stored in JSON
 */
export function identityOf(options: object): { readonly [name: string]: JsonValue } {
  return fields(options, "", false);
}

/** @param isNamed whether the object is inside a named one, whose functions need no identity of their own */
function fields(object: object, path: string, isNamed: boolean): { readonly [name: string]: JsonValue } {
  const kept = Object.entries(object).filter(
    ([, value]) => value !== undefined && !(isNamed && typeof value === "function"),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [name, jsonOf(value, path === "" ? name : `${path}.${name}`, isNamed)]),
  );
}

function jsonOf(value: unknown, path: string, isNamed: boolean): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((part: unknown, i) => jsonOf(part, `${path}[${i}]`, isNamed));
  if (typeof value === "object" && !ArrayBuffer.isView(value) && !(Symbol.iterator in value)) {
    return fields(value, path, isNamed || ("name" in value && typeof value.name === "string"));
  }
  const what =
    typeof value === "function"
      ? "a function without a name and a version"
      : typeof value === "object"
        ? "a collection other than an array"
        : `${String(value)}`;
  throw new InputError(`${path}: found ${what}, which cannot stand in a run's identity`);
}

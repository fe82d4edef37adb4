import { InputError } from "../../base/errors.js";

/** A value that JSON keeps as it is. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Options as they stand in a run's identity: parts of one's own by the name, the version and the settings that they
 * state, everything else as it is.
 *
 * @throws InputError if a function stands alone, with no name that tells it from others, or a value is not one that
 *   JSON keeps
 */
export function identityOf(options: object): { readonly [name: string]: JsonValue } {
  return fields(options, "", false);
}

/** @param isNamed whether the object is in one that states its name, whose functions need not be told apart */
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

import { z } from "zod";
import { errorAt, quote, type Place } from "../base/errors.js";
import type { Row } from "./row.js";

// The message of each schema follows "expected" in an error.

/** A text field, possibly empty. */
export const text = z.string("text");

/**
 * The number in a field, including NaN and infinities; for an integer that readers keep as text, the nearest number.
 * Undefined for anything else.
 */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?\d{16,}$/.test(value) ? Number(value) : undefined;
}

/** A score; may be null or missing. Read it with {@link scoreIn}. */
export const optionalScore = z
  .unknown()
  .optional()
  .refine((value) => value == null || numberIn(value) !== undefined, "a number");

/** The score in a field; undefined if it is missing, NaN or an infinity. */
export function scoreIn(value: unknown): number | undefined {
  const score = numberIn(value);
  return score !== undefined && Number.isFinite(score) ? score : undefined;
}

/** Any number; Python's NaN stands for an id that is missing. */
const number = z.custom<number>((value) => typeof value === "number");
const date = z.date().transform((value) => value.toISOString());

/** A row's id; may be null or missing. A date of Parquet is read as JSON writes it, in ISO form. */
export const optionalId = z.union([z.string(), number, date], "text or a number").nullish();

/**
 * Reads and checks the fields that `schema` names.
 *
 * @throws {InputError} naming the first missing or invalid field, its value and what was expected
 */
export function readFields<S extends z.ZodType>(schema: S, row: Row, place: Place): z.infer<S> {
  return checked(schema.safeParse(row), row, [], place);
}

/**
 * Reads and checks one field. Use it if the field's name depends on the row: building an object schema for each row
 * would take as long as all other reading.
 *
 * @throws {InputError} as {@link readFields}
 */
export function readField<S extends z.ZodType>(schema: S, row: Row, field: string, place: Place): z.infer<S> {
  return checked(schema.safeParse(row[field]), row, [field], place);
}

/** @param within path of the checked value in the row */
function checked<T>(result: z.ZodSafeParseResult<T>, row: Row, within: readonly PropertyKey[], place: Place): T {
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [...within, ...issue.path];
  const name = path
    .map((key, depth) => (typeof key === "number" ? `[${key}]` : `${depth ? "." : ""}${String(key)}`))
    .join("");
  const value = path.reduce<unknown>((parent, key) => (parent as Record<PropertyKey, unknown>)[key], row);
  if (value === undefined) throw errorAt(place, `field "${name}" is missing; expected ${issue.message}`);
  const found = value instanceof Uint8Array ? "not valid UTF-8" : quote(value);
  throw errorAt(place, `field "${name}" is ${found}; expected ${issue.message}`);
}

/** The row's own id, or its number in the file. */
export function rowId(own: string | number | null | undefined, place: Place): string {
  return String(own ?? place.row ?? place.line);
}

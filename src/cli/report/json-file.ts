import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { type Place, inputError, missingError, quote } from "../../base/errors.js";
import { throwBadRow } from "../../data/bad-rows.js";
import { readJsonLines } from "../../data/json-lines.js";

/**
 * Reads a JSON file of a run folder.
 *
 * @throws {InputError} if the file is missing, is not JSON, or does not fit the schema
 */
export async function readJsonFile<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw isMissing(error) ? missingError(file, "file", "expected a file of a finished run", error) : error;
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw inputError({ file }, `text that is not JSON (${(error as SyntaxError).message})`, "JSON", error);
  }
  return check(value, schema, { file });
}

/**
 * Reads the rows of a JSON Lines file of a run folder; undefined if the run did not write it.
 *
 * @throws {InputError} if a line is not a JSON object or does not fit the schema
 */
export async function readJsonLinesFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema>[] | undefined> {
  const rows: z.output<Schema>[] = [];
  try {
    for await (const batch of readJsonLines(file, createReadStream(file), throwBadRow)) {
      for (const { row, place } of batch) rows.push(check(row, schema, place));
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return rows;
}

function check<Schema extends z.ZodType>(value: unknown, schema: Schema, place: Place): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  const found = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
  throw inputError(place, `${quote(found)} at ${path.join(".") || "the top"}`, message);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

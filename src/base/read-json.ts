import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { InputError, cut, inputError, missingError, quote } from "../base/errors.js";
import { isMissing } from "../base/files.js";
import { parseForeignJson } from "../base/json.js";

/**
 * Reads the text of a UTF-8 file.
 *
 * @param expected what the file should have been, for the error if it is missing
 * @throws InputError if the file does not exist, or is not UTF-8
 */
export async function readText(path: string, expected: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missingError(path, "file", `expected ${expected}`, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw inputError({ file: path }, "bytes that are not UTF-8", expected, error);
  }
}

/**
 * Parses JSON and checks it against a schema.
 *
 * @param file path for the errors
 * @throws InputError that quotes the first invalid value and says what was expected
 */
export function parseJson<Schema extends z.ZodType>(text: string, schema: Schema, file: string): z.infer<Schema> {
  let value: unknown;
  try {
    value = parseForeignJson(text);
  } catch (error) {
    throw inputError({ file }, `text that is not JSON (${(error as Error).message})`, "a JSON object", error);
  }
  return checkJson(value, schema, file);
}

/**
 * Checks a parsed value against a schema, as {@link parseJson} does.
 *
 * @param within name of the value inside the file, which precedes the path of the invalid part
 */
export function checkJson<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
  file: string,
  within = "",
): z.infer<Schema> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  const path = [...(within ? [within] : []), ...issue.path.map((part) => cut(String(part)))].join(".");
  const found = issue.path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value);
  const expected = /expected (.*?)(?:, received .*)?$/.exec(issue.message)?.[1] ?? issue.message;
  throw inputError({ file }, `${path && `${path} = `}${found === undefined ? "nothing" : quote(found)}`, expected);
}

/** The error itself if it is already an {@link InputError}, otherwise one that wraps it. */
export function asInputError(error: unknown, file: string, what: string, expected: string): InputError {
  if (error instanceof InputError) return error;
  return inputError({ file }, `${what} (${(error as Error).message})`, expected, error);
}

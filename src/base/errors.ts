import { isAbsolute } from "node:path";

/**
 * An error in the user's input: a file, a row, an option. Its message says what is wrong, where, and what to do;
 * the command line prints it without a stack trace.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  /** @param message control characters in it, which a terminal would obey, are shown by their codes; line breaks stay */
  constructor(message: string, options?: ErrorOptions) {
    super(
      message.replace(
        /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
        (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
      options,
    );
  }
}

/** A location in the user's data; each part is given when known. */
export interface Place {
  /** Path of the file as the user gave it. */
  readonly file?: string;
  /** 1-based line of a text file. */
  readonly line?: number;
  /** 0-based row of a table (Parquet). */
  readonly row?: number;
}

/** An {@link InputError} that reads `file:line: message`. */
export function errorAt(place: Place, message: string, cause?: unknown): InputError {
  return new InputError(`${describePlace(place)}${message}`, { cause });
}

/**
 * An {@link InputError} that reads `file:line: found …, expected …`, for a value that is wrong; where nothing was found
 * at all, {@link errorAt} says so.
 *
 * @param found the value, quoted if it is data
 * @param expected what it should have been
 */
export function inputError(place: Place, found: string, expected: string, cause?: unknown): InputError {
  return errorAt(place, `found ${found}, expected ${expected}`, cause);
}

/** `file:12: ` or `file, row 12: `; empty if the location is unknown. */
export function describePlace({ file, line, row }: Place): string {
  const where = [file && (line === undefined ? file : `${file}:${line}`), row === undefined ? "" : `row ${row}`];
  const text = where.filter(Boolean).join(", ");
  return text && `${text}: `;
}

/**
 * An {@link InputError} for a file or folder that is not there. For a relative path it names the folder in which it was
 * looked for: a notebook's or a terminal's is not always the one that its user thinks of.
 *
 * @param advice what it should have been, or what to give instead
 */
export function missingError(path: string, kind: "file" | "folder", advice: string, cause?: unknown): InputError {
  const where = isAbsolute(path) ? "" : ` in ${process.cwd()}`;
  return new InputError(`${path}: no such ${kind}${where}; ${advice}`, { cause });
}

/**
 * Quotes a value from the user's data for an error message, cut to a readable length. No more of it is looked at than
 * can be shown, however large or deep it is, or whether it holds itself.
 */
export function quote(value: unknown, length = 60): string {
  // JSON has no NaN and no bigint, and Parquet columns hold both.
  const text =
    typeof value === "number" || typeof value === "bigint"
      ? String(value)
      : (JSON.stringify(shortened(value, length)) ?? String(value));
  return cut(text, length);
}

/** A name from the user's data for an error message, cut to a readable length. */
export function cut(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** As much of a value as its first `length` characters of JSON can show: each level and each item takes at least one. */
function shortened(value: unknown, length: number, level = 0): unknown {
  if (typeof value === "string") return value.slice(0, length + 1);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || hasOwnForm(value)) return value;
  if (level > length) return null;
  if (Array.isArray(value))
    return value.slice(0, length + 1).map((item: unknown) => shortened(item, length, level + 1));
  return Object.fromEntries(
    firstEntries(value, length + 1).map(([name, field]) => [
      name.slice(0, length + 1),
      shortened(field, length, level + 1),
    ]),
  );
}

/** Whether a value, such as a date, says itself how it is written. */
function hasOwnForm(value: object): boolean {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function firstEntries(value: object, count: number): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (const name in value) {
    if (entries.length === count) break;
    if (Object.hasOwn(value, name)) entries.push([name, (value as Record<string, unknown>)[name]]);
  }
  return entries;
}

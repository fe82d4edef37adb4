import { isAbsolute } from "node:path";

/**
 * An error in the user's input: a file, a row, an option. Its message says what is wrong, where, and what to do;
 * the command line prints it without a stack trace.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  /**
   * @param message text of the message; control characters, which a terminal would execute, are shown as codes; line
   * breaks stay
   */
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

/** A location in the user's data, as far as known. */
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
 * An {@link InputError} that reads `file:line: found …, expected …`, for a wrong value; if no value was found at all,
 * use {@link errorAt}.
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
 * An {@link InputError} for a missing file or folder. For a relative path, it names the folder that was searched: the
 * working folder of a notebook or terminal is not always the one its user expects.
 *
 * @param advice what it should have been, or what to pass instead
 */
export function missingError(path: string, kind: "file" | "folder", advice: string, cause?: unknown): InputError {
  const where = isAbsolute(path) ? "" : ` in ${process.cwd()}`;
  return new InputError(`${path}: no such ${kind}${where}; ${advice}`, { cause });
}

/**
 * Quotes a value from the user's data for an error message, cut to a readable length. Reads no more of the value than
 * it can show, however large, deep or circular the value is.
 */
export function quote(value: unknown, length = 60): string {
  // JSON has neither NaN nor bigint, but Parquet columns may contain both.
  const text =
    typeof value === "number" || typeof value === "bigint"
      ? String(value)
      : (JSON.stringify(shortened(value, length)) ?? String(value));
  return typeof value === "string" && text.length > length ? cutString(value, length) : cut(text, length);
}

/** Quotes the beginning of a text with its closing quote, in at most `length` characters. */
function cutString(text: string, length: number): string {
  let end = Math.max(0, length - 3);
  const quoted = () => JSON.stringify(text.slice(0, end));
  // Escapes take more than one character.
  while (end > 0 && quoted().length > length - 1) end--;
  return `${quoted().slice(0, -1)}…"`;
}

/** Cuts a name from the user's data to a readable length for an error message. */
export function cut(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Keeps as much of a value as `length` characters of JSON can show: each level and each item takes at least one character. */
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

/** Whether a value, such as a date, defines its own JSON form. */
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

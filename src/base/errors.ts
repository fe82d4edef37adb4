/**
 * An error in what the user gave: a file, a row, an option. Its message says what was found,
 * where, what was expected, and so what to do; the command line prints it without a stack.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Where in the user's data something was found; each part is given when known. */
export interface Place {
  /** Path of the file as the user gave it. */
  readonly file?: string;
  /** 1-based line of a text file. */
  readonly line?: number;
  /** 0-based row of a table (Parquet). */
  readonly row?: number;
}

/**
 * Builds an {@link InputError} that reads `file:line: found …, expected …`.
 *
 * @param place where it was found
 * @param found what was found, quoted where it is data
 * @param expected what should have been there
 */
export function inputError(place: Place, found: string, expected: string, cause?: unknown): InputError {
  return new InputError(`${describePlace(place)}found ${found}, expected ${expected}`, { cause });
}

/** `file:12: ` or `file, row 12: `, or nothing where no place is known. */
export function describePlace({ file, line, row }: Place): string {
  const where = [file && (line === undefined ? file : `${file}:${line}`), row === undefined ? "" : `row ${row}`];
  const text = where.filter(Boolean).join(", ");
  return text && `${text}: `;
}

/** Quotes a value from the user's data for an error message, cut to a readable length. */
export function quote(value: unknown, length = 60): string {
  // JSON has no NaN and no bigint, and Parquet columns hold both.
  const text =
    typeof value === "number" || typeof value === "bigint"
      ? String(value)
      : (JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}` : part)) ?? String(value));
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

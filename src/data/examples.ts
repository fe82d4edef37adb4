import { InputError, inputError, type Place } from "../base/errors.js";
import { skipInto, throwBadRow, type SkippedRow } from "./bad-rows.js";
import { uniqueIds } from "./ids.js";
import type { Row } from "./row.js";
import { readRows } from "./rows.js";

/** How much to load, and what to do with bad rows. */
export interface LoadOptions {
  /** Most rows to keep, from the beginning of the file; all by default. */
  readonly limit?: number;
  /** Leaves bad rows out and lists them, where by default the first one is thrown. */
  readonly skipBadRows?: boolean;
}

/**
 * Reads every row of a file as an example, with ids made unique.
 *
 * @param parse the example of a row; throws an {@link InputError} where the row is bad
 * @throws {InputError} the first bad row, unless they are skipped; a file with no good row at all
 */
export async function readExamples<T extends { readonly id: string }>(
  path: string,
  parse: (row: Row, place: Place) => T,
  { limit = Infinity, skipBadRows = false }: LoadOptions,
): Promise<{ examples: T[]; skipped: SkippedRow[] }> {
  if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
    throw inputError({}, `a limit of ${limit}`, "a whole number above 0");
  }
  const examples: T[] = [];
  const skipped: SkippedRow[] = [];
  const onBadRow = skipBadRows ? skipInto(skipped) : throwBadRow;
  const unique = uniqueIds();
  for await (const { row, place } of readRows(path, onBadRow)) {
    try {
      const example = parse(row, place);
      examples.push({ ...example, id: unique(example.id) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      onBadRow(error, place);
    }
    if (examples.length >= limit) break;
  }
  if (examples.length === 0) {
    throw inputError({ file: path }, `no good row among ${skipped.length}`, `at least one; the first bad one is ${skipped[0]?.reason}`);
  }
  return { examples, skipped };
}

import { InputError, inputError, type Place } from "../base/errors.js";
import { skipInto, throwBadRow, type OnBadRow, type SkippedRow } from "./bad-rows.js";
import { uniqueIds } from "./ids.js";
import type { PlacedRow, Row } from "./row.js";
import { readRows } from "./rows.js";
import { sourceFiles, type SourceOptions } from "./source-files.js";

/** What to load, how much, and what to do with bad rows. */
export interface LoadOptions extends SourceOptions {
  /** Most rows to keep, from the beginning; all by default. Files of the hub that it does not need are not downloaded. */
  readonly limit?: number;
  /** Leaves bad rows out and lists them, where by default the first one is thrown. */
  readonly skipBadRows?: boolean;
}

/**
 * Reads every row of a file, or of a split of a dataset of the hub, as an example, with ids made unique.
 *
 * @param parse the example of a row; throws an {@link InputError} where the row is bad
 * @throws {InputError} the first bad row, unless they are skipped; a file with no good row at all
 */
export async function readExamples<T extends { readonly id: string }>(
  source: string,
  parse: (row: Row, place: Place) => T,
  { limit = Infinity, skipBadRows = false, ...part }: LoadOptions,
): Promise<{ examples: T[]; skipped: SkippedRow[] }> {
  if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
    throw inputError({}, `a limit of ${limit}`, "a whole number above 0");
  }
  const examples: T[] = [];
  const skipped: SkippedRow[] = [];
  const onBadRow = skipBadRows ? skipInto(skipped) : throwBadRow;
  const unique = uniqueIds();
  for await (const { row, place } of rowsOf(source, part, onBadRow)) {
    part.signal?.throwIfAborted();
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
    throw inputError({ file: source }, `no good row among ${skipped.length}`, `at least one; the first bad one is ${skipped[0]?.reason}`);
  }
  return { examples, skipped };
}

async function* rowsOf(source: string, part: SourceOptions, onBadRow: OnBadRow): AsyncGenerator<PlacedRow> {
  for await (const path of sourceFiles(source, part)) yield* readRows(path, onBadRow);
}

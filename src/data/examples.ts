import { errorAt, InputError, type Place } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import { requireOption } from "../base/require-option.js";
import { skipInto, throwBadRow, type OnBadRow, type SkippedRow } from "./bad-rows.js";
import { rowId } from "./fields.js";
import { uniqueIds } from "./ids.js";
import type { Prompt } from "./pair.js";
import { placeOf, withPlace } from "./places.js";
import type { ReadingLog } from "./reading.js";
import type { PlacedRow, Row } from "./row.js";
import { promptKey } from "./split-pairs.js";
import { readRows } from "./rows.js";
import { sourceFiles, type SourceOptions } from "./source-files.js";

/** What to load, how much, and what to do with bad rows. */
export interface LoadOptions extends SourceOptions {
  /** Maximum number of good rows, from the beginning; all by default. Files of the hub beyond the limit are not downloaded. */
  readonly limit?: number;
  /** Skips bad rows and lists them; by default the first one is an error. */
  readonly skipBadRows?: boolean;
}

const loadOptionNames = namesOf<LoadOptions>({
  limit: true,
  skipBadRows: true,
  revision: true,
  config: true,
  split: true,
  signal: true,
  onProgress: true,
  onNote: true,
});

/**
 * Checks the options of a loader.
 *
 * @param own names of the loader's own options
 * @throws InputError for an unknown option, or one of the wrong type
 */
export function checkLoadOptions(taker: string, options: LoadOptions, own: readonly string[] = []): void {
  checkOptionNames(taker, options, [...loadOptionNames, ...own]);
  const { limit = Infinity, skipBadRows = false } = options;
  const isLimit = limit === Infinity || (Number.isInteger(limit) && limit > 0);
  requireOption(isLimit, "limit", limit, "a whole number of at least 1");
  requireOption(typeof skipBadRows === "boolean", "skipBadRows", skipBadRows, "true or false");
}

/** Maximum number of bad rows to skip, and the maximum per good row beyond that. */
const mostSkipped = 10_000;
const mostSkippedForGood = 10;

/** Whether an id is a row's number, and belongs to a row of another file too. */
function isNumberInAnotherFile(id: string, place: Place, first: Place): boolean {
  return place.file !== first.file && id === rowId(undefined, place);
}

const repeatedId = 'the id is that of an earlier row with another prompt; "#2", "#3", … is added to it';

/**
 * Reads every row of a file, or of a split of a hub dataset, as an example with a unique id.
 *
 * @param parse returns the example of a row, or undefined if the row alone is not an example; throws an
 *   {@link InputError} for a bad row
 * @param log records ids that were changed because an earlier row with another prompt has them
 * @throws {InputError} the first bad row, unless they are skipped; a file without good rows, or with more than 10,000
 *   bad rows and more than ten times as many bad rows as good ones (the list of reasons would have no end)
 */
export async function readExamples<T extends { readonly id: string; readonly prompt: Prompt }>(
  source: string,
  parse: (row: Row, place: Place) => T | undefined,
  { limit = Infinity, skipBadRows = false, ...part }: LoadOptions,
  log: ReadingLog,
): Promise<{ examples: T[]; skipped: SkippedRow[] }> {
  const examples: T[] = [];
  const skipped: SkippedRow[] = [];
  const skip = skipInto(skipped);
  const onBadRow: OnBadRow = !skipBadRows
    ? throwBadRow
    : (error, place) => {
        skip(error, place);
        if (skipped.length > mostSkipped && skipped.length > mostSkippedForGood * examples.length) {
          throw errorAt(
            { file: source },
            `${skipped.length} of the first ${skipped.length + examples.length} rows are bad; the first: ${skipped[0]!.reason}`,
          );
        }
      };
  const unique = uniqueIds();
  const firstOf = new Map<string, T>();
  const withUniqueId = (example: T, place: Place): T => {
    const named = withPlace({ ...example, id: unique(example.id) }, place);
    const first = firstOf.get(example.id);
    if (!first) firstOf.set(example.id, named);
    // Several responses to one prompt may share its id, and rows without ids are numbered anew in each file.
    else if (promptKey(first) !== promptKey(example) && !isNumberInAnotherFile(example.id, place, placeOf(first)!))
      log.remark(repeatedId, place);
    return named;
  };
  let good = 0;
  for await (const { row, place } of rowsOf(source, part, onBadRow)) {
    part.signal?.throwIfAborted();
    try {
      const example = parse(row, place);
      good++;
      if (example) examples.push(withUniqueId(example, place));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      onBadRow(error, place);
    }
    if (good >= limit) break;
  }
  if (examples.length === 0) {
    throw errorAt(
      { file: source },
      skipped.length > 0
        ? `all ${skipped.length} rows are bad; the first: ${skipped[0]!.reason}`
        : "no row makes an example by itself or with the next; expected two rows of one prompt after each other",
    );
  }
  return { examples, skipped };
}

async function* rowsOf(source: string, part: SourceOptions, onBadRow: OnBadRow): AsyncGenerator<PlacedRow> {
  for await (const path of sourceFiles(source, part)) yield* readRows(path, onBadRow);
}

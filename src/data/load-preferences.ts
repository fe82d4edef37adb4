import { describePlace, errorAt, InputError, type Place } from "../base/errors.js";
import type { SkippedRow } from "./bad-rows.js";
import { checkColumnNames, readColumns, type ColumnNames } from "./columns.js";
import { checkLoadOptions, readExamples, type LoadOptions } from "./examples.js";
import { detectFormat, formats } from "./formats/index.js";
import type { Format } from "./formats/format.js";
import { trlImplicit } from "./formats/trl-implicit.js";
import type { PreferencePair } from "./pair.js";
import { implausibleNotes } from "./plausibility.js";
import { ReadingLog, type Reading } from "./reading.js";
import type { Row } from "./row.js";
import { unpacked } from "./unpacked.js";

/** Options of {@link loadPreferences}. */
export interface PreferenceOptions extends LoadOptions {
  /**
   * Numeric columns to pass to the loss, by the name that the loss reads: `{ weight: "annotators" }` uses the file's
   * column `annotators` as the pairs' weights. Default: none.
   */
  readonly columns?: ColumnNames | undefined;
}

/** Result of {@link loadPreferences}. */
export interface LoadedPreferences {
  readonly pairs: PreferencePair[];
  /** Name of the detected format. */
  readonly format: string;
  readonly skipped: readonly SkippedRow[];
  /** Which columns were mapped, which were not read, and what looks wrong. */
  readonly reading: Reading;
}

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset on the Hugging Face hub.
 * The first row with a known format determines the format; a later row in another format is a bad row.
 *
 * A pair's id is the row's own (`id`, `prompt_id`, or `info.id` of TL;DR), or else its line or row number; repeated ids
 * get `#2`, `#3`, … in the order of the files. `reading` notes those of
 * different prompts, and blank responses.
 *
 * @param source a file path, or `org/name` or `org/name@revision` on the hub; an existing file of that name takes precedence
 *
 * @example
 * const { pairs, format } = await loadPreferences("hh-rlhf.jsonl.gz", { limit: 1000 });
 * @example
 * const { pairs } = await loadPreferences("HuggingFaceH4/ultrafeedback_binarized", { split: "train_prefs", limit: 5000 });
 *
 * @throws {InputError} for an unreadable file, an unknown dataset or split, and the first bad row unless bad rows are
 *   skipped (an unknown format, a missing or invalid field or column, an empty response, two equal responses)
 */
export async function loadPreferences(source: string, given: PreferenceOptions = {}): Promise<LoadedPreferences> {
  checkLoadOptions("loadPreferences", given, ["columns"]);
  const { columns, ...options } = given;
  if (columns !== undefined) checkColumnNames(columns);
  let opened: { readonly format: Format; readonly by: Place } | undefined;
  let end: ((log: ReadingLog) => void) | undefined;
  const log = new ReadingLog();
  const open = (row: Row, place: Place): Format => {
    const found = detectFormat(row, place);
    if (!found.start) return found;
    const started = found.start();
    end = started.end;
    return started;
  };
  const { examples, skipped } = await readExamples(
    source,
    (given, place): PreferencePair | undefined => {
      const found = new ReadingLog();
      const row = unpacked(given, place, found);
      opened ??= { format: open(row, place), by: place };
      const pair = parseAs(opened.format, opened.by, row, place, found);
      const whole = pair && columns ? { ...pair, columns: readColumns(columns, row, place) } : pair;
      // A bad row is reported only with its reason.
      log.add(found, place, columns);
      return whole;
    },
    options,
    log,
  );
  end?.(log);
  return {
    pairs: examples,
    format: opened!.format.name,
    skipped,
    reading: log.result(source, implausibleNotes(examples, source)),
  };
}

/**
 * Parses a row in the file's format.
 *
 * @param by the row that determined the format
 * @throws InputError for a bad row; if the row has another format, the message says so
 */
function parseAs(format: Format, by: Place, row: Row, place: Place, log: ReadingLog): PreferencePair | undefined {
  if (format.fits(row)) return format.parse(row, place, log);
  const other = formats.find((candidate) => candidate.fits(row));
  if (!other) return format.parse(row, place, log);
  const why = `the file is read as ${format.name} because of ${lineOf(by, place)}; all rows of a file must have one form`;
  // Any two texts have this form, also those of a malformed row of the file's own form.
  const isVague = other === trlImplicit;
  if (!isVague && canParse(other, row)) throw errorAt(place, `the row has the form ${other.name}, but ${why}`);
  try {
    format.parse(row, place, log);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${error.message} (${why})`, { cause: error });
  }
  throw errorAt(place, `the row has the form ${other.name}, but ${why}`);
}

function canParse(format: Format, row: Row): boolean {
  try {
    format.parse(row, {});
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return false;
  }
}

/** A row of the same file or of another one: `line 1`, or the file and line. */
function lineOf(place: Place, { file }: Place): string {
  if (place.file !== file) return describePlace(place).replace(/: $/, "");
  return place.line === undefined ? `row ${place.row}` : `line ${place.line}`;
}

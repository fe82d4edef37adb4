import type { SkippedRow } from "./bad-rows.js";
import { checkColumnNames, readColumns, type ColumnNames } from "./columns.js";
import { readExamples, type LoadOptions } from "./examples.js";
import { detectFormat } from "./formats/index.js";
import type { Format } from "./formats/format.js";
import type { PreferencePair } from "./pair.js";

/** What to load of preference pairs. */
export interface PreferenceOptions extends LoadOptions {
  /**
   * Numeric columns that accompany the pairs to their loss, by the name that it reads: `{ weight: "annotators" }` takes
   * the file's column `annotators` for the pairs' weights. Default: none.
   */
  readonly columns?: ColumnNames | undefined;
}

/** Result of {@link loadPreferences}. */
export interface LoadedPreferences {
  readonly pairs: PreferencePair[];
  /** Name of the detected format. */
  readonly format: string;
  readonly skipped: readonly SkippedRow[];
}

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset on the Hugging Face hub. The
 * format is detected from the first row that has one; a later row in another format is a bad row.
 *
 * A pair's id is the row's own (`id`, `prompt_id`, or `info.id` of TL;DR), or else its line or row number; repeated ids
 * get `#2`, `#3`, … in the order of the files.
 *
 * @param source a file, or `org/name` or `org/name@revision` on the hub; an existing file of that name takes precedence
 *
 * @example
 * const { pairs, format } = await loadPreferences("hh-rlhf.jsonl.gz", { limit: 1000 });
 * @example
 * const { pairs } = await loadPreferences("HuggingFaceH4/ultrafeedback_binarized", { split: "train_prefs", limit: 5000 });
 *
 * @throws {InputError} for an unreadable file, an unknown dataset or split, and the first bad row unless bad rows are
 *   skipped (an unknown format, a missing or invalid field or column, an empty response, two equal responses)
 */
export async function loadPreferences(source: string, { columns, ...options }: PreferenceOptions = {}): Promise<LoadedPreferences> {
  if (columns) checkColumnNames(columns);
  let format: Format | undefined;
  const { examples, skipped } = await readExamples(
    source,
    (row, place): PreferencePair => {
      const pair = (format ??= detectFormat(row, place)).parse(row, place);
      return columns ? { ...pair, columns: readColumns(columns, row, place) } : pair;
    },
    options,
  );
  return { pairs: examples, format: format!.name, skipped };
}

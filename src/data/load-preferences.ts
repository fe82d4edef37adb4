import type { SkippedRow } from "./bad-rows.js";
import { readExamples, type LoadOptions } from "./examples.js";
import { recognise } from "./formats/index.js";
import type { Format } from "./formats/format.js";
import type { PreferencePair } from "./pair.js";

/** What {@link loadPreferences} found. */
export interface LoadedPreferences {
  readonly pairs: PreferencePair[];
  /** Name of the file's format. */
  readonly format: string;
  readonly skipped: readonly SkippedRow[];
}

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset of the
 * Hugging Face hub. The first row that any format fits decides the format; a later row of another
 * form is a bad row.
 *
 * A pair's id is the row's own (`id`, `prompt_id`, or `info.id` of TL;DR) or else the number of its
 * line or row; ids that repeat get `#2`, `#3`, … in the order of the files.
 *
 * @param source a file, or `org/name` or `org/name@revision` on the hub; a file of that name is meant first
 *
 * @example
 * const { pairs, format } = await loadPreferences("hh-rlhf.jsonl.gz", { limit: 1000 });
 * @example
 * const { pairs } = await loadPreferences("HuggingFaceH4/ultrafeedback_binarized", { split: "train_prefs", limit: 5000 });
 *
 * @throws {InputError} a bad file; a dataset that is not there, or has no such part; the first bad
 *   row, unless they are skipped (no form fits it, a field is missing or wrong, a response is
 *   empty, or the two are equal)
 */
export async function loadPreferences(source: string, options: LoadOptions = {}): Promise<LoadedPreferences> {
  let format: Format | undefined;
  const { examples, skipped } = await readExamples(
    source,
    (row, place) => (format ??= recognise(row, place)).parse(row, place),
    options,
  );
  return { pairs: examples, format: format!.name, skipped };
}

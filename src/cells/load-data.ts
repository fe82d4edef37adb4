import type { LoadOptions } from "../data/examples.js";
import { loadDemonstrations as readDemonstrations, type LoadedDemonstrations } from "../data/load-demonstrations.js";
import { loadPreferences as readPreferences, type LoadedPreferences, type PreferenceOptions } from "../data/load-preferences.js";
import { withDownload } from "./download.js";

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset of the
 * Hugging Face hub, with a line in the cell that tells how far a download is. The form is recognised:
 * HH-RLHF, UltraFeedback-binarized, TL;DR comparisons, and TRL's explicit, implicit and conversational
 * forms.
 *
 * @param source a file, or `org/name` or `org/name@revision` on the hub; a file of that name is meant first
 * @param options `limit` (rows), `skipBadRows` (listed, where by default the first is thrown), `columns` (numbers
 *   of the rows that accompany their pairs to the loss), and for the hub `split`, `config` and `revision`
 * @returns the pairs, the name of their form, and the rows that were skipped
 * @example const { pairs } = await loadPreferences(world.train, { limit: 1000 });
 * @example const { pairs } = await loadPreferences("Anthropic/hh-rlhf", { split: "train" });
 * @throws InputError a bad file; a dataset that is not there or has no such part; the first bad row
 */
export function loadPreferences(source: string, options: PreferenceOptions = {}): Promise<LoadedPreferences> {
  return withDownload(source, (work) => readPreferences(source, { ...work, ...options }));
}

/** Loads demonstrations, `prompt` and `response` or `completion`, as {@link loadPreferences} does pairs. */
export function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<LoadedDemonstrations> {
  return withDownload(source, (work) => readDemonstrations(source, { ...work, ...options }));
}

import { inspect } from "node:util";
import type { TaskControls } from "../base/task.js";
import type { SkippedRow } from "../data/bad-rows.js";
import type { LoadOptions } from "../data/examples.js";
import { loadDemonstrations as readDemonstrations, type LoadedDemonstrations } from "../data/load-demonstrations.js";
import {
  loadPreferences as readPreferences,
  type LoadedPreferences,
  type PreferenceOptions,
} from "../data/load-preferences.js";
import { loadPrompts as readPrompts } from "../data/load-prompts.js";
import type { Reading } from "../data/reading.js";
import { requireSource } from "../data/source-files.js";
import { cell } from "../notebook/display.js";
import { refuseRunAsData } from "../run/folder/policies-in.js";
import { withDownload } from "./transfer.js";

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset of the
 * Hugging Face hub, whose download shows its progress. The form is recognised: HH-RLHF, UltraFeedback-binarized, TL;DR
 * comparisons, and TRL's explicit, implicit and conversational forms.
 *
 * @param source a file, or `org/name` or `org/name@revision` on the hub; a file of that name is meant first
 * @param options `limit` (rows), `skipBadRows` (listed, where by default the first is thrown), `columns` (numbers
 *   of the rows that accompany their pairs to the loss), and for the hub `split`, `config` and `revision`
 * @returns the pairs, the name of their form, and the rows that were skipped
 * @example const { pairs } = await loadPreferences(world.train, { limit: 1000 });
 * @example const { pairs } = await loadPreferences("Anthropic/hh-rlhf", { split: "train" });
 * @throws InputError a bad file; a dataset that is not there or has no such part; the first bad row
 */
export async function loadPreferences(source: string, options: PreferenceOptions = {}): Promise<LoadedPreferences> {
  const loaded = await loadPreferencesUnder(cell, source, options);
  return shownAs(loaded, `${loaded.pairs.length} preference pairs of ${source} (${loaded.format})`, loaded.pairs);
}

/** Loads demonstrations, `prompt` and `response` or `completion`, as {@link loadPreferences} does pairs. */
export async function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<LoadedDemonstrations> {
  const loaded = await loadDemonstrationsUnder(cell, source, options);
  return shownAs(loaded, `${loaded.demonstrations.length} demonstrations of ${source}`, loaded.demonstrations);
}

/** Loads prompts, also those of preference pairs or demonstrations, as {@link loadPreferences} does pairs. */
export async function loadPrompts(source: string, options: LoadOptions = {}): ReturnType<typeof readPrompts> {
  await refuseRunAsData(requireSource(source));
  const loaded = await withDownload(source, (work) => readPrompts(source, { ...work, ...options }), cell);
  return shownAs(loaded, `${loaded.prompts.length} prompts of ${source}`, loaded.prompts);
}

/** {@link loadPreferences} with its progress shown elsewhere than in the cell. */
export async function loadPreferencesUnder(
  controls: TaskControls,
  source: string,
  options: PreferenceOptions,
): Promise<LoadedPreferences> {
  await refuseRunAsData(requireSource(source));
  return withDownload(source, (work) => readPreferences(source, { ...work, ...options }), controls);
}

/** {@link loadDemonstrations} with its progress shown elsewhere than in the cell. */
export async function loadDemonstrationsUnder(
  controls: TaskControls,
  source: string,
  options: LoadOptions,
): Promise<LoadedDemonstrations> {
  await refuseRunAsData(requireSource(source));
  return withDownload(source, (work) => readDemonstrations(source, { ...work, ...options }), controls);
}

/** The same object, which `console.log` shows as a line, its first row, the notes and what was skipped, and not with all its rows. */
function shownAs<Loaded extends { readonly skipped: readonly SkippedRow[]; readonly reading?: Reading }>(
  loaded: Loaded,
  title: string,
  [first]: readonly object[],
): Loaded {
  const { skipped, reading } = loaded;
  const show = (_: number, options: object) =>
    [
      title,
      ...(first
        ? [
            `first: ${inspect(first, { ...options, depth: 2, maxStringLength: 200, breakLength: Infinity, compact: true })}`,
          ]
        : []),
      ...(reading?.notes.map((note) => `note: ${note}`) ?? []),
      ...(skipped.length > 0 ? [`skipped: ${skipped.length} bad rows; the first: ${skipped[0]!.reason}`] : []),
    ].join("\n");
  return Object.defineProperty(loaded, inspect.custom, { value: show });
}

import { inspect } from "node:util";
import { counted } from "../base/counted.js";
import { requireOptions } from "../base/option-names.js";
import type { TaskControls } from "../base/task.js";
import { skippedSummary, type SkippedRow } from "../data/bad-rows.js";
import type { LoadOptions } from "../data/examples.js";
import { holdsOnlyPrompts } from "../data/holds-only-prompts.js";
import { loadDemonstrations as readDemonstrations, type LoadedDemonstrations } from "../data/load-demonstrations.js";
import {
  loadPreferences as readPreferences,
  type LoadedPreferences,
  type PreferenceOptions,
} from "../data/load-preferences.js";
import { loadPrompts as readPrompts, type LoadedPrompts } from "../data/load-prompts.js";
import type { Reading } from "../data/reading.js";
import { requireSource } from "../data/source-files.js";
import { cell } from "../notebook/display.js";
import { refuseRunAsData } from "../run/folder/policies-in.js";
import { withDownload } from "./transfer.js";

/**
 * Loads preference pairs from a JSON Lines (plain or gzip) or Parquet file, or from a dataset on the Hugging Face hub,
 * showing download progress. The format is detected: HH-RLHF, UltraFeedback-binarized, TL;DR comparisons, and TRL's
 * explicit, implicit and conversational forms.
 *
 * @param source a file, or `org/name` or `org/name@revision` on the hub; a file of that name takes precedence
 * @param options `limit` (rows), `skipBadRows` (lists bad rows in the result; by default the first one throws),
 *   `columns` (numeric columns that go with the pairs to the loss), and for the hub `split`, `config` and `revision`
 * @returns the pairs, the name of their format and the skipped rows
 * @example const { pairs } = await loadPreferences(world.train, { limit: 1000 });
 * @example const { pairs } = await loadPreferences("Anthropic/hh-rlhf", { split: "train" });
 * @throws InputError for a malformed file, a missing dataset, split or config, or the first bad row
 */
export async function loadPreferences(source: string, options: PreferenceOptions = {}): Promise<LoadedPreferences> {
  requireOptions("loadPreferences", options);
  const loaded = await loadPreferencesUnder(cell, source, options);
  return shownAs(
    loaded,
    source,
    `${counted(loaded.pairs.length, "preference pair")} of ${source} (${loaded.format})`,
    loaded.pairs,
  );
}

/** Loads demonstrations (`prompt` and `response` or `completion`) in the same way as {@link loadPreferences}. */
export async function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<LoadedDemonstrations> {
  requireOptions("loadDemonstrations", options);
  const loaded = await loadDemonstrationsUnder(cell, source, options);
  return shownAs(
    loaded,
    source,
    `${counted(loaded.demonstrations.length, "demonstration")} of ${source}`,
    loaded.demonstrations,
  );
}

/** Loads prompts, including those of preference pairs or demonstrations, in the same way as {@link loadPreferences}. */
export async function loadPrompts(source: string, options: LoadOptions = {}): Promise<LoadedPrompts> {
  requireOptions("loadPrompts", options);
  await refuseRunAsData(requireSource(source));
  const loaded = await withDownload(source, (work) => readPrompts(source, { ...work, ...options }), cell);
  return shownAs(loaded, source, `${counted(loaded.prompts.length, "prompt")} of ${source}`, loaded.prompts);
}

/** {@link loadPreferences} with the caller's progress controls. */
export async function loadPreferencesUnder(
  controls: TaskControls,
  source: string,
  options: PreferenceOptions,
): Promise<LoadedPreferences> {
  await refuseRunAsData(requireSource(source));
  return withDownload(source, (work) => readPreferences(source, { ...work, ...options }), controls);
}

/**
 * Loads held-out pairs, or the prompts of a source whose first row has no responses, with the caller's progress controls.
 */
export async function loadHeldOutUnder(
  controls: TaskControls,
  source: string,
  options: LoadOptions,
): Promise<LoadedPreferences | LoadedPrompts> {
  await refuseRunAsData(requireSource(source));
  const onlyPrompts = await withDownload(source, (work) => holdsOnlyPrompts(source, { ...work, ...options }), controls);
  if (!onlyPrompts) return loadPreferencesUnder(controls, source, options);
  return withDownload(source, (work) => readPrompts(source, { ...work, ...options }), controls);
}

/** {@link loadDemonstrations} with the caller's progress controls. */
export async function loadDemonstrationsUnder(
  controls: TaskControls,
  source: string,
  options: LoadOptions,
): Promise<LoadedDemonstrations> {
  await refuseRunAsData(requireSource(source));
  return withDownload(source, (work) => readDemonstrations(source, { ...work, ...options }), controls);
}

/**
 * Returns the same object, printed by `console.log` as a title, the first row, the notes and the skipped rows instead
 * of all rows.
 */
function shownAs<Loaded extends { readonly skipped: readonly SkippedRow[]; readonly reading: Pick<Reading, "notes"> }>(
  loaded: Loaded,
  source: string,
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
      ...reading.notes.map((note) => `note: ${note}`),
      ...(skipped.length > 0 ? [`skipped: ${skippedSummary(skipped, source)}`] : []),
    ].join("\n");
  return Object.defineProperty(loaded, inspect.custom, { value: show });
}

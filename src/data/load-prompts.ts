import type { SkippedRow } from "./bad-rows.js";
import { checkLoadOptions, readExamples, type LoadOptions } from "./examples.js";
import { formats } from "./formats/index.js";
import { readPrompt } from "./load-demonstrations.js";
import type { Prompt } from "./pair.js";
import { ReadingLog, type Reading } from "./reading.js";
import { unpacked } from "./unpacked.js";

/** A prompt to answer. */
export interface NamedPrompt {
  /** Unique within a dataset. */
  readonly id: string;
  readonly prompt: Prompt;
}

/** Result of {@link loadPrompts}. */
export interface LoadedPrompts {
  readonly prompts: NamedPrompt[];
  readonly skipped: readonly SkippedRow[];
  /** What looks wrong. */
  readonly reading: Pick<Reading, "notes">;
}

/**
 * Loads prompts from rows with a prompt, in the columns that `loadPreferences` accepts, or from preference pairs; the
 * prompts are then the ones that training sees. Source and ids are as in `loadPreferences`.
 *
 * @throws {InputError} as `loadPreferences`
 */
export async function loadPrompts(source: string, options: LoadOptions = {}): Promise<LoadedPrompts> {
  checkLoadOptions("loadPrompts", options);
  const log = new ReadingLog();
  const { examples, skipped } = await readExamples<NamedPrompt>(
    source,
    (given, place) => {
      const row = unpacked(given, place);
      const { id, prompt } = formats.find((format) => format.fits(row))?.parse(row, place) ?? readPrompt(row, place);
      return { id, prompt };
    },
    options,
    log,
  );
  return { prompts: examples, skipped, reading: { notes: log.result(source).notes } };
}

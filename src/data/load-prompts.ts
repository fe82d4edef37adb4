import type { SkippedRow } from "./bad-rows.js";
import { checkLoadOptions, readExamples, type LoadOptions } from "./examples.js";
import { formats } from "./formats/index.js";
import { readPrompt } from "./load-demonstrations.js";
import type { Prompt } from "./pair.js";
import { unpacked } from "./unpacked.js";

/** A prompt to answer. */
export interface NamedPrompt {
  /** Unique within a dataset. */
  readonly id: string;
  readonly prompt: Prompt;
}

/**
 * Loads prompts from rows with a prompt, in the columns that `loadPreferences` accepts, or from preference pairs; the
 * prompts are then the ones that training sees. Source and ids are as in `loadPreferences`.
 *
 * @throws {InputError} as `loadPreferences`
 */
export async function loadPrompts(
  source: string,
  options: LoadOptions = {},
): Promise<{ prompts: NamedPrompt[]; skipped: readonly SkippedRow[] }> {
  checkLoadOptions("loadPrompts", options);
  const { examples, skipped } = await readExamples<NamedPrompt>(
    source,
    (given, place) => {
      const row = unpacked(given, place);
      const { id, prompt } = formats.find((format) => format.fits(row))?.parse(row, place) ?? readPrompt(row, place);
      return { id, prompt };
    },
    options,
  );
  return { prompts: examples, skipped };
}

import { formats } from "./formats/index.js";
import { hasPromptColumn } from "./prompt-columns.js";
import { readRows } from "./rows.js";
import { sourceFiles, type SourceOptions } from "./source-files.js";

/**
 * Whether the first row of a source is a prompt without responses to compare: it has a prompt, and the form of no pair.
 * Rows that are not JSON are passed over; loading the source reports them.
 *
 * @throws InputError for an unreadable file, or an unknown dataset or split
 */
export async function holdsOnlyPrompts(source: string, part: SourceOptions): Promise<boolean> {
  for await (const path of sourceFiles(source, part)) {
    for await (const { row } of readRows(path, () => {}))
      return hasPromptColumn(row) && !formats.some((format) => format.fits(row));
  }
  return false;
}

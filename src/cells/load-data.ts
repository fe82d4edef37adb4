import type { LoadOptions } from "../data/examples.js";
import * as demonstrations from "../data/load-demonstrations.js";
import * as preferences from "../data/load-preferences.js";
import { withDownload } from "./download.js";

/**
 * Loads preference pairs, with a line that tells how far a download is; see `loadPreferences` in
 * `data/load-preferences.ts` for the sources, the formats, the options and the errors.
 *
 * @example const { pairs } = await loadPreferences(world.train, { limit: 1000 });
 * @example const { pairs } = await loadPreferences("Anthropic/hh-rlhf", { split: "train", config: "harmless-base" });
 */
export function loadPreferences(source: string, options: LoadOptions = {}): Promise<preferences.LoadedPreferences> {
  return withDownload(source, (work) => preferences.loadPreferences(source, { ...work, ...options }));
}

/** Loads demonstrations as {@link loadPreferences} does pairs; see `data/load-demonstrations.ts`. */
export function loadDemonstrations(source: string, options: LoadOptions = {}): Promise<demonstrations.LoadedDemonstrations> {
  return withDownload(source, (work) => demonstrations.loadDemonstrations(source, { ...work, ...options }));
}

import { isDeepStrictEqual } from "node:util";
import { createEngine, describedOptions, settledOptions, type EngineOptions } from "../engine/create-engine.js";
import type { EngineDescription } from "../engine/engine.js";
import { ProgramCache } from "../engine/program-cache.js";

const caches = new Map<string, ProgramCache>();

/** The compiled programs of an engine with these settings, its defaults said or left out; all cells share them. */
export function sharedPrograms(options: EngineOptions): ProgramCache {
  const key = JSON.stringify(settledOptions(options));
  const programs = caches.get(key) ?? new ProgramCache(createEngine(options));
  caches.set(key, programs);
  return programs;
}

/**
 * The programs of an engine that runs on what is described: one that the cells have, whatever its threads, or else a new one.
 *
 * @throws InputError where it is no engine of this library
 */
export async function programsOn(description: EngineDescription): Promise<ProgramCache> {
  for (const programs of caches.values()) {
    // One that does not work here cannot say what it runs on, and is not what is asked for.
    const own = await programs.engine.describe().catch(() => undefined);
    if (isDeepStrictEqual(own, description)) return programs;
  }
  return sharedPrograms(describedOptions(description));
}

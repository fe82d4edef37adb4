import { isDeepStrictEqual } from "node:util";
import { createEngine, describedOptions, settledOptions, type EngineOptions } from "../engine/create-engine.js";
import type { EngineDescription } from "../engine/engine.js";
import { ProgramCache } from "../engine/program-cache.js";

const caches = new Map<string, ProgramCache>();

/**
 * Returns the compiled programs of an engine with these settings, shared by all cells. Explicit and omitted defaults
 * are the same.
 */
export function sharedPrograms(options: EngineOptions): ProgramCache {
  const key = JSON.stringify(settledOptions(options));
  const programs = caches.get(key) ?? new ProgramCache(createEngine(options));
  caches.set(key, programs);
  return programs;
}

/**
 * Returns the programs of an engine that matches the description: an existing one, whatever its threads, or else a new
 * one.
 *
 * @throws InputError if the description is not of an engine of this library
 */
export async function programsOn(description: EngineDescription): Promise<ProgramCache> {
  for (const programs of caches.values()) {
    // An engine that does not work here cannot describe itself, so it cannot match.
    const own = await programs.engine.describe().catch(() => undefined);
    if (isDeepStrictEqual(own, description)) return programs;
  }
  return sharedPrograms(describedOptions(description));
}

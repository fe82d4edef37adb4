import { createEngine, type EngineOptions } from "../engine/create-engine.js";
import { ProgramCache } from "../engine/program-cache.js";

const caches = new Map<string, ProgramCache>();

/** The compiled programs of an engine with these settings; all cells share them. */
export function sharedPrograms(options: EngineOptions): ProgramCache {
  const key = JSON.stringify(options);
  const programs = caches.get(key) ?? new ProgramCache(createEngine(options));
  caches.set(key, programs);
  return programs;
}

import { InputError } from "../base/errors.js";
import { formatBytes } from "../base/byte-size.js";
import type { ProgramCache } from "../engine/program-cache.js";

/** The runs that use an engine's programs, which share one memory. */
interface Users {
  readonly before: number;
  readonly bytes: number;
  runs: number;
}

const users = new WeakMap<ProgramCache, Users>();

/**
 * Has an engine's programs planned for a run's memory until the run gives it back; runs beside each other share it.
 *
 * @param bytes that the run is planned for
 * @returns what gives it back
 * @throws InputError where another run is planned for another memory at the same time
 */
export function takeMemory(programs: ProgramCache, bytes: number): () => void {
  const known = users.get(programs);
  if (known && known.bytes !== bytes) {
    throw new InputError(`memory: another run on this model is planned for ${formatBytes(known.bytes)} and still going on, this one for ${formatBytes(bytes)}; give both the same, or wait for the other`);
  }
  const own = known ?? { before: programs.memory, bytes, runs: 0 };
  own.runs++;
  users.set(programs, own);
  programs.memory = bytes;
  return () => {
    if (--own.runs > 0) return;
    users.delete(programs);
    programs.memory = own.before;
  };
}

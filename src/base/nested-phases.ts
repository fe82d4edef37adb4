import { AsyncLocalStorage } from "node:async_hooks";
import type { Reporter } from "./task.js";

type PhaseLine = ReturnType<Reporter["start"]>;

const enclosing = new AsyncLocalStorage<Reporter>();

/** Returns the reporter for work inside a phase that {@link nestPhases} runs; undefined outside one. */
export function enclosingReporter(): Reporter | undefined {
  return enclosing.getStore();
}

/**
 * Runs the work of a phase. The phases of a user-defined function within it, such as an evaluation that generates
 * responses, are displayed on the phase's own line: a terminal can redraw only one.
 *
 * @param line the phase's line, once it has one
 * @param note takes notes of the work while the line is drawn
 */
export function nestPhases<T>(line: () => PhaseLine | undefined, note: (text: string) => void, work: () => T): T {
  const reporter: Reporter = {
    start: (label, total, unit) => ({
      update: (done) => line()?.between?.(phaseText(label, done, total, unit)),
      between: (text) => line()?.between?.(`${label}: ${text}`),
      finish() {},
    }),
    note,
  };
  return enclosing.run(reporter, work);
}

/** Formats a phase that is displayed on another one's line: `review 2/3 100/184 pairs`. */
export function phaseText(label: string, done: number, total: number, unit: string | undefined): string {
  return unit === undefined ? label : `${label} ${done}/${total} ${unit}`;
}

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
  return enclosing.run({ start: (label, total, unit) => phaseWithin(line, label, total, unit), note }, work);
}

/** Displays a phase on the line of another: `review 2/3 100/184 pairs`. */
export function phaseWithin(
  line: () => PhaseLine | undefined,
  label: string,
  total: number,
  unit: string | undefined,
): Required<PhaseLine> {
  return {
    update: (done) => line()?.between?.(unit === undefined ? label : `${label} ${done}/${total} ${unit}`),
    between: (text) => line()?.between?.(`${label}: ${text}`),
    finish() {},
  };
}

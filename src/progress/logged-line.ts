import type { ProgressLine, ProgressStream } from "./line.js";
import type { Phase } from "./phase.js";
import { phaseLine } from "./phase-line.js";

/** Minimum time between two lines of a phase, in seconds. */
const logEvery = 15;

/** Logs a phase as plain lines: one at its start, one periodically, one at its end. */
export function loggedLine(phase: Phase, stream: ProgressStream, now: () => number): ProgressLine {
  let writtenAt = now();
  stream.write(`${[phase.label, ...phase.count].join("  ")}\n`);
  const changed = () => {
    if (now() - writtenAt < logEvery) return;
    writtenAt = now();
    const { label, count, meanwhile, metrics, elapsed, left } = phase;
    const parts = [label, ...count, ...meanwhile, ...metrics, `${elapsed} elapsed`, ...left];
    stream.write(`${parts.join("  ")}\n`);
  };
  return phaseLine(phase, changed, (text) => stream.write(`${phase.last(text)}\n`));
}

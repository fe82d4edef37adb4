import type { ProgressLine, ProgressStream } from "./line.js";
import type { Phase } from "./phase.js";

/** Minimum time between two lines of a phase, in seconds. */
const logEvery = 15;

/** Logs a phase as plain lines: one at its start, one periodically, one at its end. */
export function loggedLine(phase: Phase, stream: ProgressStream, now: () => number): ProgressLine {
  let finished = false;
  let writtenAt = now();
  stream.write(`${[phase.label, ...phase.count].join("  ")}\n`);
  const writeInTime = () => {
    if (now() - writtenAt < logEvery) return;
    writtenAt = now();
    const { label, count, meanwhile, metrics, elapsed, left } = phase;
    const parts = [label, ...count, ...meanwhile, ...metrics, `${elapsed} elapsed`, ...left];
    stream.write(`${parts.join("  ")}\n`);
  };
  return {
    update(done, figures) {
      if (finished) return;
      phase.update(done, figures);
      writeInTime();
    },
    between(text) {
      if (finished) return;
      phase.between(text);
      writeInTime();
    },
    finish(text) {
      if (finished) return;
      finished = true;
      stream.write(`${phase.last(text)}\n`);
    },
  };
}

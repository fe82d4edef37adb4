import type { ProgressLine, ProgressStream } from "./line.js";
import type { Phase } from "./phase.js";

/** Least time between two lines of a phase that goes on, in seconds. */
const logEvery = 15;

/** A phase as plain lines of a log: one at its start, one now and then, one at its end. */
export function loggedLine(phase: Phase, stream: ProgressStream, now: () => number): ProgressLine {
  let finished = false;
  let writtenAt = now();
  stream.write(`${phase.label}  ${phase.count}\n`);
  return {
    update(done, figures) {
      if (finished) return;
      phase.update(done, figures);
      if (now() - writtenAt < logEvery) return;
      writtenAt = now();
      const parts = [phase.label, phase.count, ...phase.metrics, `${phase.elapsed} elapsed`, ...phase.left];
      stream.write(`${parts.join("  ")}\n`);
    },
    finish(text) {
      if (finished) return;
      finished = true;
      stream.write(`${phase.last(text)}\n`);
    },
  };
}

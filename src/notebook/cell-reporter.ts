import { randomUUID } from "node:crypto";
import type { Reporter } from "../base/task.js";
import type { ProgressLine } from "../progress/line.js";
import { Phase } from "../progress/phase.js";
import { phaseLine } from "../progress/phase-line.js";
import { Progress } from "../progress/progress.js";
import { host, redrawEvery, type Host } from "./host.js";
import { lastBundle, noteBundle, workingBundle } from "./phase-bundle.js";

/** Seconds below which a phase is too short to read. */
const worthShowing = 0.5;

/**
 * Progress reporting in a cell: one line per phase, updated in place at most five times a second; its final state
 * stays. A phase shorter than half a second without a loss, margin or accuracy shows nothing. Outside a kernel,
 * progress is written to stderr.
 *
 * @example const summary = await sera(input, { reporter: cellReporter(), signal: cell.signal });
 */
export function cellReporter(): Reporter {
  const now = () => performance.now() / 1000;
  const plain = new Progress(process.stderr, false, now);
  return {
    start(label, total, unit, done) {
      const kernel = host();
      return kernel
        ? cellLine(new Phase(label, total, unit, now, done), kernel, now)
        : plain.start(label, total, unit, done);
    },
    note(text) {
      const kernel = host();
      if (kernel) kernel.show(noteBundle(text));
      else plain.note(text);
    },
  };
}

/** Displays a phase as an output of the cell that started it. */
function cellLine(phase: Phase, kernel: Host, now: () => number): ProgressLine {
  const id = `progress-${randomUUID()}`;
  const startedAt = now();
  let shown = false;
  let drawnAt = startedAt;
  const show = (bundle: ReturnType<typeof lastBundle>) => {
    kernel.show(bundle, id, shown);
    shown = true;
    drawnAt = now();
  };
  // Show a phase even before its first step.
  const first = setTimeout(() => show(workingBundle(phase)), 1000 * worthShowing);
  first.unref();
  const changed = () => {
    if (now() - drawnAt >= (shown ? redrawEvery : worthShowing)) show(workingBundle(phase));
  };
  return phaseLine(phase, changed, (text) => {
    clearTimeout(first);
    if (shown || text || phase.hasFigures || now() - startedAt >= worthShowing) show(lastBundle(phase, text));
  });
}

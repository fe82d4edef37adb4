import { randomUUID } from "node:crypto";
import type { Reporter } from "../base/task.js";
import type { ProgressLine } from "../progress/line.js";
import { Phase } from "../progress/phase.js";
import { Progress } from "../progress/progress.js";
import { host, redrawEvery, type Host } from "./host.js";
import { lastBundle, noteBundle, workingBundle } from "./phase-bundle.js";

/** What takes less, in seconds, is over before it can be read. */
const worthShowing = 0.5;

/**
 * Shows how far long work is: in a cell one line for each phase, changed in place at most five
 * times a second, of which the last state stays. A phase of less than half a second that has no
 * loss, margin or accuracy to tell leaves nothing. Outside a kernel it is lines on stderr.
 *
 * @example const summary = await sera(input, { reporter: cellReporter(), signal: cell.signal });
 */
export function cellReporter(): Reporter {
  const now = () => performance.now() / 1000;
  const plain = new Progress(process.stderr, false, now);
  return {
    start(label, total) {
      const kernel = host();
      return kernel ? cellLine(new Phase(label, total, now), kernel, now) : plain.start(label, total);
    },
    note(text) {
      const kernel = host();
      if (kernel) kernel.show(noteBundle(text));
      else plain.note(text);
    },
  };
}

/** A phase as an output of the cell that began it. */
function cellLine(phase: Phase, kernel: Host, now: () => number): ProgressLine {
  const id = `progress-${randomUUID()}`;
  const startedAt = now();
  let finished = false;
  let shown = false;
  let drawnAt = startedAt;
  const show = (bundle: ReturnType<typeof lastBundle>) => {
    kernel.show(bundle, id, shown);
    shown = true;
    drawnAt = now();
  };
  // TaskOptions that has not come to its first step is seen too.
  const first = setTimeout(() => show(workingBundle(phase)), 1000 * worthShowing);
  first.unref();
  return {
    update(done, figures) {
      if (finished) return;
      phase.update(done, figures);
      if (now() - drawnAt >= (shown ? redrawEvery : worthShowing)) show(workingBundle(phase));
    },
    finish(text) {
      if (finished) return;
      finished = true;
      clearTimeout(first);
      if (shown || text || phase.hasFigures || now() - startedAt >= worthShowing) show(lastBundle(phase, text));
    },
  };
}

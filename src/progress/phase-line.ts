import type { ProgressLine } from "./line.js";
import type { Phase } from "./phase.js";

/**
 * Returns the line of a phase, which ignores calls after it has finished.
 *
 * @param changed displays the phase after a change, as often as it should be displayed
 * @param ended displays its last state
 */
export function phaseLine(phase: Phase, changed: () => void, ended: (text?: string) => void): ProgressLine {
  let finished = false;
  return {
    update(done, figures) {
      if (finished) return;
      phase.update(done, figures);
      changed();
    },
    between(text) {
      if (finished) return;
      phase.between(text);
      changed();
    },
    finish(text) {
      if (finished) return;
      finished = true;
      ended(text);
    },
  };
}

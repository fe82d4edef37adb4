import type { Reporter } from "../base/work.js";

/**
 * Shows a whole run as one line that counts its training steps, where a run shown alone has a line for each phase.
 *
 * @param steps of all its trainings
 */
export function runProgress(reporter: Reporter, label: string, steps: number): { readonly reporter: Reporter; finish(text?: string): void } {
  const line = reporter.start(label, steps);
  let before = 0;
  return {
    reporter: {
      start(_, total) {
        let done = 0;
        let trains = false;
        return {
          update(now, figures) {
            done = now;
            // A phase that tells a loss is a training; review, sampling and evaluation take no steps.
            trains ||= figures?.loss !== undefined;
            if (trains) line.update(before + done, figures);
          },
          finish() {
            if (trains && done === total) before += total;
          },
        };
      },
    },
    finish: (text) => line.finish(text),
  };
}

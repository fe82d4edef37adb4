import { phaseWithin } from "../base/nested-phases.js";
import type { Reporter } from "../base/task.js";

/**
 * Shows a whole run as one line that counts its training steps and names the phase between two trainings, unlike a run
 * shown alone, which has a line for each phase. Call `complete` before `finish`, so that a run with nothing left to train
 * is not shown as stopped.
 *
 * @param steps training steps of the whole run
 */
export function runProgress(
  reporter: Reporter | undefined,
  label: string,
  steps: number,
): { readonly reporter: Reporter; complete(): void; finish(text?: string): void } {
  let line: ReturnType<Reporter["start"]> | undefined;
  const begin = (done = 0) => (line ??= reporter?.start(label, steps, "steps", done));
  /** Steps and tokens of finished training phases; the steps include those that earlier processes have taken. */
  const ended = { steps: 0, tokens: 0 };
  return {
    reporter: {
      resumed(taken) {
        ended.steps = taken;
        begin(taken);
      },
      start(name, total, unit, before = 0) {
        begin()?.between?.(name);
        const within = phaseWithin(() => line, name, total, unit);
        let tokens: number | undefined;
        let done = 0;
        return {
          update(now, figures) {
            // A phase that reports tokens is training; review, sampling and evaluation take no steps.
            if (figures?.tokens === undefined) {
              within.update(now);
              return;
            }
            [done, tokens] = [now, figures.tokens];
            line?.update(ended.steps + done - before, { ...figures, tokens: ended.tokens + tokens });
          },
          between: within.between,
          finish() {
            if (tokens === undefined || done < total) return;
            ended.steps += done - before;
            ended.tokens += tokens;
          },
        };
      },
    },
    complete() {
      // A run read from its folder has reported no step.
      if (ended.steps === 0) begin()?.update(steps);
    },
    finish: (text) => line?.finish(text),
  };
}

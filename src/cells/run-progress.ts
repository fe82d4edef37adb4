import type { Reporter } from "../base/task.js";

/**
 * Shows a whole run as one line that counts its training steps, where a run shown alone has a line for each phase. One that
 * has ended is `complete` before it is finished, so that what had nothing left to train is not shown as stopped.
 *
 * @param steps of all its trainings
 */
export function runProgress(
  reporter: Reporter | undefined,
  label: string,
  steps: number,
): { readonly reporter: Reporter; complete(): void; finish(text?: string): void } {
  const line = reporter?.start(label, steps, "steps");
  /** Steps and tokens of the trainings that have ended. */
  const ended = { steps: 0, tokens: 0 };
  return {
    reporter: {
      start(_, total) {
        let tokens: number | undefined;
        let done = 0;
        return {
          update(now, figures) {
            // A phase that tells tokens is a training; review, sampling and evaluation take no steps.
            if (figures?.tokens === undefined) return;
            [done, tokens] = [now, figures.tokens];
            line?.update(ended.steps + done, { ...figures, tokens: ended.tokens + tokens });
          },
          finish() {
            if (tokens === undefined || done < total) return;
            ended.steps += done;
            ended.tokens += tokens;
          },
        };
      },
    },
    complete() {
      // What was read from its folder has told of no step.
      if (ended.steps === 0) line?.update(steps);
    },
    finish: (text) => line?.finish(text),
  };
}

import { nestPhases, phaseWithin } from "../base/nested-phases.js";
import type { Reporter } from "../base/task.js";

/** A run of a comparison as one line; see {@link runProgress}. */
interface RunProgress {
  /** Takes the phases of the run. */
  readonly reporter: Reporter;
  /** Runs the work of the run; the phases of user-defined functions in it are displayed on its line as well. */
  within<T>(work: () => T): T;
  /** Call before `finish`, so that a run with nothing left to train is not shown as stopped. */
  complete(): void;
  /** Ends the line and displays the notes of the run below it. */
  finish(text?: string): void;
}

/**
 * Shows a whole run as one line that counts its training steps and names the phase between two trainings, unlike a run
 * shown alone, which has a line for each phase. Places are not shown.
 *
 * @param steps training steps of the whole run
 * @param note displays a note of the run, once its line has ended
 */
export function runProgress(
  reporter: Reporter | undefined,
  label: string,
  steps: number,
  note: (text: string) => void,
): RunProgress {
  let line: ReturnType<Reporter["start"]> | undefined;
  const begin = (done = 0) => (line ??= reporter?.start(label, steps, "steps", done));
  const notes: string[] = [];
  const keep = (text: string) => void notes.push(text);
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
      note: keep,
      place() {},
    },
    within: (work) => nestPhases(begin, keep, work),
    complete() {
      // A run read from its folder has reported no step.
      if (ended.steps === 0) begin()?.update(steps);
    },
    finish(text) {
      line?.finish(text);
      for (const text of notes) note(text);
    },
  };
}

import type { Reporter } from "../base/task.js";
import type { ProgressLine, ProgressStream } from "./line.js";
import { liveLine } from "./live-line.js";
import { loggedLine } from "./logged-line.js";
import { Phase } from "./phase.js";

/**
 * Tells how far long work is. On a terminal each phase is one line that is redrawn in place at
 * most ten times a second and never wraps; elsewhere it is a plain line at the start, at most one
 * every 15 seconds, and one at the end. Nothing is written by a quiet one.
 *
 * @example
 * const line = progress.start("align 2/3", steps);
 * for await (const metrics of training) line.update(metrics.step, { loss: metrics.loss });
 * line.finish();
 */
export class Progress implements Reporter {
  /**
   * @param stream where to write
   * @param quiet whether to write nothing (`--quiet`)
   * @param now a clock in seconds that does not run backwards
   */
  constructor(
    private readonly stream: ProgressStream,
    private readonly quiet: boolean,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /**
   * Shows a phase that begins; the phase before it has finished.
   *
   * @param label what is done (`align 2/3`)
   * @param total units of work in the phase
   */
  start(label: string, total: number): ProgressLine {
    if (this.quiet) return { update() {}, finish() {} };
    const phase = new Phase(label, total, this.now);
    return this.stream.isTTY ? liveLine(phase, this.stream, this.now) : loggedLine(phase, this.stream, this.now);
  }

  /** Writes a line of text, between phases. */
  note(text: string): void {
    if (!this.quiet) this.stream.write(`${text}\n`);
  }
}

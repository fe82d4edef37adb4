import type { Reporter } from "../base/task.js";
import type { ProgressLine, ProgressStream } from "./line.js";
import { liveLine } from "./live-line.js";
import { loggedLine } from "./logged-line.js";
import { Phase } from "./phase.js";

/**
 * Shows the progress of long tasks. On a terminal, each phase is one line, redrawn in place at most ten times a second and
 * never wrapped; elsewhere it is a plain line at the start, at most one every 15 seconds, and one at the end. With
 * `quiet`, nothing is written.
 *
 * @example
 * const line = progress.start("align 2/3", steps, "steps");
 * for await (const metrics of training) line.update(metrics.step, { loss: metrics.loss });
 * line.finish();
 */
export class Progress implements Reporter {
  /**
   * @param stream where to write
   * @param quiet whether to write nothing (`--quiet`)
   * @param now a monotonic clock, in seconds
   */
  constructor(
    private readonly stream: ProgressStream,
    private readonly quiet: boolean,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /**
   * Starts a phase; the previous phase must have finished.
   *
   * @param label name of the phase (`align 2/3`)
   * @param total number of units in the phase
   * @param unit what is counted, in the plural
   * @param done units that an earlier process has finished. Default 0
   */
  start(label: string, total: number, unit?: string, done?: number): ProgressLine {
    if (this.quiet) return { update() {}, between() {}, finish() {} };
    const phase = new Phase(label, total, unit, this.now, done);
    return this.stream.isTTY ? liveLine(phase, this.stream, this.now) : loggedLine(phase, this.stream, this.now);
  }

  /** Writes a line of text, between phases. */
  note(text: string): void {
    if (!this.quiet) this.stream.write(`${text}\n`);
  }
}

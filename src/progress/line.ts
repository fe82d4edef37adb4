import type { Figures } from "../base/task.js";

/** The stream that progress is written to, usually stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** The progress of one phase. */
export interface ProgressLine {
  /**
   * @param done units of work finished so far
   * @param figures the newest metrics; each stays visible until it is replaced
   */
  update(done: number, figures?: Figures): void;
  /**
   * Records work between two units of the phase, which rates leave out.
   *
   * @param text shown until the next update
   */
  between(text: string): void;
  /** Leaves the last state on screen, followed by `text`. Later calls do nothing. */
  finish(text?: string): void;
}

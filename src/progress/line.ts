import type { Figures } from "../base/task.js";

/** Where progress is shown: stderr, as a rule. */
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
   * @param figures the newest metrics; each stays shown until a newer one comes
   */
  update(done: number, figures?: Figures): void;
  /** Leaves the last state standing, and `text` after it. Later calls do nothing. */
  finish(text?: string): void;
}

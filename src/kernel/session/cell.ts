import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";

/** Error that stops a cell interrupted by the user. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor() {
    super("the cell was interrupted");
  }
}

/** Maximum number of throws after an interrupt; code that catches every error would otherwise loop forever. */
const mostThrows = 100;

/** A cell that is running or has run. */
export class Cell {
  private readonly abort = new AbortController();
  private throws = 0;
  private watched = false;
  private closed = false;

  /**
   * @param number identifies the cell in messages to the front
   * @param count execution count shown to the user
   * @param flag contains the number of the cell that the watchdog wants to stop
   */
  constructor(
    readonly number: number,
    readonly count: number,
    private readonly flag: Int32Array,
  ) {}

  /** Short text for Node, which attaches the cell to the resources that it started and prints it there. */
  [inspect.custom](): string {
    return `cell [${this.count}]`;
  }

  /** Aborted by an interrupt; code that reads this signal is given time to stop by itself. */
  get signal(): AbortSignal {
    this.watched = true;
    return this.abort.signal;
  }

  /** Whether an interrupt has reached it. */
  get isAborted(): boolean {
    return this.abort.signal.aborted;
  }

  /** Whether it should stop; the watchdog may know this before the cell does. */
  get isInterrupted(): boolean {
    return this.abort.signal.aborted || this.flag[0] === this.number;
  }

  /** Whether some of the cell's code watches the signal, and can stop cleanly by itself if given time. */
  get isWatched(): boolean {
    return this.watched;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Whether the cell's output is suppressed: it was interrupted and has ended, although parts of it may still run. */
  get isSilent(): boolean {
    return this.closed && this.isInterrupted;
  }

  interrupt(): void {
    this.abort.abort(new Interrupted());
  }

  close(): void {
    this.closed = true;
  }

  /** @throws Interrupted if the cell was interrupted, or has ended but its remaining code delays an interrupted later cell */
  check(): void {
    if (this.isInterrupted || (this.closed && this.flag[0]! > this.number)) throw new Interrupted();
  }

  /** Stops an interrupted cell after a wait: throws, and if repeated throws do not help, waits forever. */
  async checkAfterWait(): Promise<void> {
    if (!this.isInterrupted) return;
    if (!this.closed && this.throws++ < mostThrows) throw new Interrupted();
    await new Promise<never>(() => {});
  }
}

/** The cell that the running code belongs to, tracked across awaits, timers and events. */
export const cells = new AsyncLocalStorage<Cell>();

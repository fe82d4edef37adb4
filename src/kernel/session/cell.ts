import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";

/** Why a cell stopped that the user interrupted. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor() {
    super("the cell was interrupted");
  }
}

/** Throws after an interrupt are counted: code that catches every error would otherwise go round for ever. */
const mostThrows = 100;

/** A cell that runs or has run. */
export class Cell {
  private readonly abort = new AbortController();
  private throws = 0;
  private watched = false;
  private closed = false;

  /**
   * @param number names the cell in all that is said to the front
   * @param count the number that the user sees beside it
   * @param flag the number of the cell that the watchdog wants stopped
   */
  constructor(
    readonly number: number,
    readonly count: number,
    private readonly flag: Int32Array,
  ) {}

  /** Node keeps the cell on whatever it has started, and shows it there. */
  [inspect.custom](): string {
    return `cell [${this.count}]`;
  }

  /** Aborted by an interrupt; who asks for it is given time to stop by itself. */
  get signal(): AbortSignal {
    this.watched = true;
    return this.abort.signal;
  }

  /** Whether an interrupt has reached it. */
  get isAborted(): boolean {
    return this.abort.signal.aborted;
  }

  /** Whether it is to stop: the watchdog may know that before the cell does. */
  get isInterrupted(): boolean {
    return this.abort.signal.aborted || this.flag[0] === this.number;
  }

  /** Whether something of the cell may stop by itself, and leave things in order, if it is given time. */
  get isWatched(): boolean {
    return this.watched;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** An interrupted cell that has ended says nothing more, whatever of it still runs. */
  get isSilent(): boolean {
    return this.closed && this.isInterrupted;
  }

  interrupt(): void {
    this.abort.abort(new Interrupted());
  }

  close(): void {
    this.closed = true;
  }

  /** @throws Interrupted if the cell was interrupted; or has ended, and what it left running holds up a later one that was */
  check(): void {
    if (this.isInterrupted || (this.closed && this.flag[0]! > this.number)) throw new Interrupted();
  }

  /** Where an interrupted cell does not go on: it is thrown out, and left waiting for ever once that did not help. */
  async checkAfterWait(): Promise<void> {
    if (!this.isInterrupted) return;
    if (!this.closed && this.throws++ < mostThrows) throw new Interrupted();
    await new Promise<never>(() => {});
  }
}

/** Which cell the running code belongs to, across every wait, timer and event. */
export const cells = new AsyncLocalStorage<Cell>();

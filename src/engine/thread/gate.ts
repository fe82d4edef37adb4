const inside = 0;
const shut = 1;
const hurried = 2;

/**
 * A gate between two threads, one of which does native work for the other. Stopping a thread during native work, which also
 * happens when the process ends, aborts the whole process. So the thread passes the gate for each piece of work, and to stop it
 * one shuts the gate and waits.
 */
export class Gate {
  /** @param shared to pass to the other thread, which creates its own gate from it */
  constructor(readonly shared = new Int32Array(new SharedArrayBuffer(12))) {}

  /**
   * Does work inside the gate.
   *
   * @throws Error if the gate is shut
   */
  async pass<T>(work: () => T | Promise<T>): Promise<T> {
    // Enter first, then check the gate: a thread that shuts it in between sees that somebody is inside.
    Atomics.store(this.shared, inside, 1);
    try {
      if (Atomics.load(this.shared, shut) === 1) throw new Error("the engine is closed");
      return await work();
    } finally {
      Atomics.store(this.shared, inside, 0);
      Atomics.notify(this.shared, inside);
    }
  }

  /** Shuts the gate to new work. */
  shut(): void {
    Atomics.store(this.shared, shut, 1);
  }

  /** Asks a thread inside to leave before its work is done. */
  hurry(): void {
    Atomics.store(this.shared, hurried, 1);
  }

  /** Whether {@link hurry} was called: interruptible work then stops. */
  get isHurried(): boolean {
    return Atomics.load(this.shared, hurried) === 1;
  }

  /** Blocks this thread until no thread is inside. */
  waitUntilEmpty(): void {
    Atomics.wait(this.shared, inside, 1);
  }
}

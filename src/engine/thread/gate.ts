const inside = 0;
const shut = 1;
const hurried = 2;

/**
 * Stands between two threads, one of which does native work for the other. Stopping a thread inside
 * of native work, as the end of the process does too, aborts the whole process; so the thread goes
 * through the gate for each piece of work, and who wants to stop it shuts the gate and waits.
 */
export class Gate {
  /** @param shared what is handed to the other thread, which makes its own gate of it */
  constructor(readonly shared = new Int32Array(new SharedArrayBuffer(12))) {}

  /**
   * Does work inside the gate.
   *
   * @throws Error where the gate is shut
   */
  async pass<T>(work: () => T | Promise<T>): Promise<T> {
    // First inside, then the look at the gate: whoever shuts it in between sees that somebody is inside.
    Atomics.store(this.shared, inside, 1);
    try {
      if (Atomics.load(this.shared, shut) === 1) throw new Error("the engine is closed");
      return await work();
    } finally {
      Atomics.store(this.shared, inside, 0);
      Atomics.notify(this.shared, inside);
    }
  }

  /** Lets nothing in any more. */
  shut(): void {
    Atomics.store(this.shared, shut, 1);
  }

  /** Asks whoever is inside to leave before the work is done. */
  hurry(): void {
    Atomics.store(this.shared, hurried, 1);
  }

  /** Whether {@link hurry} was called: work that can stop in between does. */
  get isHurried(): boolean {
    return Atomics.load(this.shared, hurried) === 1;
  }

  /** Blocks this thread until nobody is inside. */
  waitUntilEmpty(): void {
    Atomics.wait(this.shared, inside, 1);
  }
}

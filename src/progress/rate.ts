/** Time constant of the average, in seconds. */
const memory = 20;
/** Measurements needed for a rate; the first few are noise. */
const enough = 3;

/**
 * Growth rate of a counter, as an exponential moving average.
 *
 * Growth is measured between calls of `add`: the first call only sets the starting point, so that neither a resumed
 * counter nor a slow start (loading a model, compiling a graph) distorts the rate.
 */
export class Rate {
  private last: { readonly count: number; readonly at: number } | undefined;
  private measurements = 0;
  private growth = 0;
  private time = 0;

  /**
   * @param count the counter
   * @param at time of the reading, in seconds of a monotonic clock
   */
  add(count: number, at: number): void {
    if (this.last) {
      const passed = at - this.last.at;
      const fading = Math.exp(-passed / memory);
      this.growth = this.growth * fading + count - this.last.count;
      this.time = this.time * fading + passed;
      this.measurements += 1;
    }
    this.last = { count, at };
  }

  /** Leaves out the time until the next reading, and what the counter grows by. */
  pause(): void {
    this.last = undefined;
  }

  /** Units per second; undefined until there are enough measurements. */
  get perSecond(): number | undefined {
    return this.measurements >= enough && this.time > 0 ? this.growth / this.time : undefined;
  }
}

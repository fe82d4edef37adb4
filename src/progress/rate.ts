/** Time constant of the average, in seconds: what lies further back hardly counts. */
const memory = 20;
/** Measurements after which the rate is taken for one; the first few are noise. */
const enough = 3;

/**
 * How fast a counter grows, averaged over the recent past with exponentially fading weights.
 *
 * Growth is measured between calls of `add`: the first call only sets where counting starts, so
 * neither a resumed counter nor a slow start (a model that is loaded, a graph that is compiled)
 * spoils the rate.
 */
export class Rate {
  private last: { readonly count: number; readonly at: number } | undefined;
  private measurements = 0;
  private growth = 0;
  private time = 0;

  /**
   * @param count the counter
   * @param at when it was read, in seconds of any clock that does not run backwards
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

  /** Units a second, or undefined while too little is known. */
  get perSecond(): number | undefined {
    return this.measurements >= enough && this.time > 0 ? this.growth / this.time : undefined;
  }
}

import { readFile } from "node:fs/promises";
import { writeJson } from "../base/files.js";

/** Seconds spent by iteration and kind of work; kept in a file, so that they add up over interruptions. */
export type Seconds = Record<string, Record<string, number>>;

/** Measures the parts of a run. */
export class Stopwatch {
  private constructor(
    private readonly file: string,
    private readonly seconds: Seconds,
  ) {}

  /** Goes on from what `file` holds, if it is there. */
  static async at(file: string): Promise<Stopwatch> {
    const known = await readFile(file, "utf8").catch(() => "{}");
    return new Stopwatch(file, JSON.parse(known) as Seconds);
  }

  /** Does some work and adds its time, also where the work is interrupted. */
  async measure<T>(iteration: number, kind: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      return await work();
    } finally {
      const kinds = (this.seconds[iteration] ??= {});
      kinds[kind] = (kinds[kind] ?? 0) + (performance.now() - begin) / 1000;
      await writeJson(this.file, this.seconds);
    }
  }

  /** Seconds of one kind of work in an iteration. */
  of(iteration: number, kind: string): number {
    return this.seconds[iteration]?.[kind] ?? 0;
  }
}

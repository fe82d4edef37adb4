/** The cost of some work. */
export interface Spent {
  readonly seconds: number;
  /** Seconds, summed over all cores. */
  readonly processor: number;
}

/** Does some work, and measures its cost. */
export async function timed<T>(work: () => T | Promise<T>): Promise<{ readonly result: T; readonly spent: Spent }> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, spent: { seconds: (performance.now() - begin) / 1000, processor: (user + system) / 1e6 } };
}

/** Peak memory of this process, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

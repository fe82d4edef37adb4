/** What some work took. */
export interface Spent {
  readonly seconds: number;
  /** Seconds of all cores together. */
  readonly processor: number;
}

/** Does some work, and tells what it took. */
export async function timed<T>(work: () => T | Promise<T>): Promise<{ readonly result: T; readonly spent: Spent }> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, spent: { seconds: (performance.now() - begin) / 1000, processor: (user + system) / 1e6 } };
}

/** The most memory that this process has held, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

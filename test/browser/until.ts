import { setTimeout as wait } from "node:timers/promises";

/** Interval between two checks of a condition, in milliseconds. */
const every = 50;

/**
 * Waits until `look` returns a value.
 *
 * @param look returns undefined or false for "not yet"
 * @param wanted what is waited for, for the error message
 * @param seconds time after which it throws. Default: 30
 */
export async function until<T>(wanted: string, look: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${wanted}`);
    await wait(every);
  }
}

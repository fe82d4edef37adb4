import { setTimeout as wait } from "node:timers/promises";

/** How often a condition is looked at, in milliseconds. */
const every = 50;

/**
 * Waits until there is something to see.
 *
 * @param look what is looked at; undefined and false are "not yet"
 * @param wanted what is waited for, as the error says it
 * @param seconds after which it fails. Default 30
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

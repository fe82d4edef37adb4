import type { Interval } from "./interval.js";

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * Computes a proportion and its 95 % score interval (Wilson 1927), which stays in [0, 1] and has a width above 0 even
 * if no trial or every trial succeeded.
 *
 * @param successes may count halves (a tie is half a win); the interval is then wider than necessary
 * @throws RangeError if there are no trials
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (!(trials > 0)) throw new RangeError("a share of no trials");
  const mean = successes / trials;
  const weight = 1 + z ** 2 / trials;
  const centre = (mean + z ** 2 / (2 * trials)) / weight;
  const half = (z / weight) * Math.sqrt((mean * (1 - mean)) / trials + (z / (2 * trials)) ** 2);
  // At the ends, the bounds are exactly 0 and 1, which rounding would exceed.
  return { mean, low: mean === 0 ? 0 : centre - half, high: mean === 1 ? 1 : centre + half };
}

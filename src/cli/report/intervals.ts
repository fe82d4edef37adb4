import type { Judged } from "../../run/summary.js";
import type { Interval } from "../../stats/interval.js";

/** Gold reward and win rate against the start model, if known. */
export interface JudgedIntervals {
  readonly goldReward?: Interval;
  readonly winRate?: Interval;
}

/** Combines means with the bounds of their 95 % intervals. */
export function withIntervals<Row extends Judged>({
  goldReward,
  goldRewardInterval,
  winRate,
  winRateInterval,
  ...row
}: Row): Omit<Row, keyof Judged> & JudgedIntervals {
  const reward = interval(goldReward, goldRewardInterval);
  const win = interval(winRate, winRateInterval);
  return { ...row, ...(reward && { goldReward: reward }), ...(win && { winRate: win }) };
}

function interval(mean: number | undefined, bounds: readonly [number, number] | undefined): Interval | undefined {
  return mean === undefined || bounds === undefined ? undefined : { mean, low: bounds[0], high: bounds[1] };
}

import type { ColumnTable } from "arquero";
import { workSeconds } from "../run/summary.js";
import type { Run } from "./run.js";
import { tableOf } from "./table-of.js";

/**
 * Runs beside each other: how the policy that each ended with does, with 95 % intervals over
 * prompts, and the seconds that training, review and sampling took (evaluation is not the method's).
 *
 * @param runs by the names to show; all from one start. Its own row comes first
 * @param start the name of the start. Default "start"
 * @example comparison({ DPO: dpo, SeRA: run })
 */
export function comparison(runs: Readonly<Record<string, Run>>, start = "start"): ColumnTable {
  const [first] = Object.values(runs);
  const rows = Object.entries(runs).map(([name, run]) => row(name, run, run.iterations.length - 1));
  return tableOf(first ? [row(start, first, 0), ...rows] : rows);
}

function row(method: string, run: Run, last: number) {
  const { accuracy, goldReward, goldRewardInterval, winRate, winRateInterval } = run.iterations[last]!;
  const seconds = workSeconds(run.iterations.slice(0, last + 1));
  const [goldLow, goldHigh] = goldRewardInterval ?? [];
  const [winLow, winHigh] = winRateInterval ?? [];
  return { method, accuracy, goldReward, goldLow, goldHigh, winRate, winLow, winHigh, seconds };
}

import type { ColumnTable } from "arquero";
import { secondsUpTo } from "../run/summary.js";
import type { Run } from "./run.js";
import { tableOf } from "./table-of.js";

/**
 * Compares finished runs: evaluates the final policy of each, with 95 % intervals over prompts, and counts the seconds
 * of training, review and sampling. Evaluation is not part of a method, and a start that is not fine-tuned costs nothing.
 *
 * @param runs keyed by display name; all from the same start, whose row comes first
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
  const seconds = secondsUpTo(run.iterations, last);
  const [goldLow, goldHigh] = goldRewardInterval ?? [];
  const [winLow, winHigh] = winRateInterval ?? [];
  return { method, accuracy, goldReward, goldLow, goldHigh, winRate, winLow, winHigh, seconds };
}

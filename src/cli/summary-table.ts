import type { SeraSummary } from "../sera.js";
import type { Interval } from "../stats/interval.js";

/** A run's iterations as a table of text. */
export function summaryTable({ iterations }: SeraSummary): string {
  const header = ["iteration", "kept", "made", "margin", "accuracy", "gold reward", "win rate", "seconds"];
  const rows = iterations.map(({ iteration, pairsKept, pairsMade, meanMargin, accuracy, goldReward, winRate, seconds }) => [
    iteration === 0 ? "0 (start)" : `${iteration}`,
    `${pairsKept ?? "–"}`,
    `${pairsMade ?? "–"}`,
    figure(meanMargin, 2),
    figure(accuracy, 3),
    interval(goldReward),
    interval(winRate),
    Object.values(seconds).reduce((a, b) => a + b, 0).toFixed(0),
  ]);
  return textTable([header, ...rows]);
}

/** Columns as wide as their widest cell, the first to the left and the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

/** A mean with its interval, or a dash. */
export function interval(value: unknown): string {
  if (value === undefined || value === null) return "–";
  const { mean, low, high } = value as Interval;
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function figure(value: unknown, digits: number): string {
  return typeof value === "number" ? value.toFixed(digits) : "–";
}

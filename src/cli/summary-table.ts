import { workSeconds, type Judged, type RunSummary } from "../run/summary.js";

/** Formats a run's iterations as a text table, with the seconds that they took without evaluation. */
export function summaryTable({ iterations }: RunSummary): string {
  const header = ["iteration", "kept", "made", "cut off", "margin", "accuracy", "gold reward", "win rate", "seconds"];
  const rows = iterations.map((row) => [
    row.iteration === 0 ? "0 (start)" : `${row.iteration}`,
    `${row.pairsSelected ?? "–"}`,
    `${row.pairsBootstrapped ?? "–"}`,
    row.bootstrap ? `${row.bootstrap.incomplete}/${row.bootstrap.samples}` : "–",
    figure(row.meanMargin, 2),
    figure(row.accuracy, 3),
    ...judgedCells(row),
    workSeconds([row]).toFixed(0),
  ]);
  return textTable([header, ...rows]);
}

/** Formats a table with columns as wide as their widest cell, the first left-aligned, the others right-aligned. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

/** Gold reward and win rate with their intervals, or dashes if the data has no gold reward. */
export function judgedCells({ goldReward, goldRewardInterval, winRate, winRateInterval }: Judged): string[] {
  return [interval(goldReward, goldRewardInterval), interval(winRate, winRateInterval)];
}

function interval(mean: number | undefined, limits: readonly [number, number] | undefined): string {
  return mean === undefined || limits === undefined
    ? "–"
    : `${mean.toFixed(3)} [${limits[0].toFixed(3)}, ${limits[1].toFixed(3)}]`;
}

function figure(value: number | null, digits: number): string {
  return typeof value === "number" ? value.toFixed(digits) : "–";
}

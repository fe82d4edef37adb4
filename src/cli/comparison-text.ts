import type { Difference, MethodComparison, MethodRow } from "../cells/method-comparison.js";
import { textTable } from "./summary-table.js";

/** Formats a comparison as text tables: the methods, and their differences from the baseline. */
export function comparisonText(
  { rows, seeds }: MethodComparison,
  baseline: string,
  differences: readonly Difference[],
): string {
  const over = seeds.length === 1 ? "prompts; one seed says nothing about others" : "seeds and prompts";
  const tables = [
    `${seeds.length === 1 ? `Seed ${seeds[0]}` : `Means over seeds ${seeds.join(", ")}`}, with 95 % intervals over ${over}:`,
    methodTable(rows),
  ];
  if (differences.length === 0) return tables.join("\n");
  return [
    ...tables,
    "",
    `Difference in gold reward from ${baseline}, paired by seed and prompt; p-values are Holm-corrected, * marks p < 0.05:`,
    differenceTable(differences),
  ].join("\n");
}

function methodTable(rows: readonly MethodRow[]): string {
  const isGraded = rows.some(({ graded }) => graded !== undefined);
  const header = [
    "method",
    "gold reward",
    "sd of seeds",
    "win rate",
    "accuracy",
    "pairs",
    "seconds",
    ...(isGraded ? ["graded"] : []),
  ];
  const cells = rows.map(
    ({
      method,
      goldReward,
      goldLow,
      goldHigh,
      goldSeedDeviation,
      winRate,
      winLow,
      winHigh,
      accuracy,
      pairsSeen,
      seconds,
      graded,
    }) => [
      method,
      withInterval(goldReward, goldLow, goldHigh),
      figure(goldSeedDeviation, 3),
      withInterval(winRate, winLow, winHigh),
      figure(accuracy, 3),
      figure(pairsSeen, 0),
      figure(seconds, 0),
      ...(isGraded ? [figure(graded, 0)] : []),
    ],
  );
  return textTable([header, ...cells]);
}

function differenceTable(differences: readonly Difference[]): string {
  const cells = differences.map(({ name, mean, low, high, adjustedPValue, significant }) => [
    name,
    withInterval(mean, low, high),
    `${adjustedPValue < 0.001 ? "< 0.001" : adjustedPValue.toFixed(3)}${significant ? " *" : "  "}`,
  ]);
  return textTable([["method", "difference", "p  "], ...cells]);
}

function withInterval(mean: number | undefined, low: number | undefined, high: number | undefined): string {
  return mean === undefined || low === undefined || high === undefined
    ? "–"
    : `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function figure(value: number | null | undefined, digits: number): string {
  return value == null ? "–" : value.toFixed(digits);
}

import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { width } from "./frame.js";
import { goldByIteration } from "./gold-by-iteration.js";
import { margins } from "./margins.js";
import { accuracy, loss, rewards } from "./over-steps.js";
import type { RunTables } from "./rows.js";
import { seconds } from "./seconds.js";
import { rowsFrom } from "./source.js";
import { linesOf } from "./text-width.js";
import { lightTheme, withTheme } from "./theme.js";

/** Width of a part: two fit into a notebook in a window of 1,280 pixels with JupyterLab's sidebar. */
const partWidth = 296;

/**
 * Overview of a run: loss, accuracy and rewards over training steps, margins of the reviews, gold reward by iteration,
 * time by phase. Parts without data are omitted.
 *
 * @throws InputError if the run has no data yet
 */
export function dashboard(run: RunTables): TopLevelSpec {
  const aligned = rowsFrom<"steps">("dashboard", "steps", run).filter((row) => row.phase === "align");
  const reviewed = rowsFrom<"margins">("dashboard", "margins", run);
  const iterations = rowsFrom<"iterations">("dashboard", "iterations", run);
  const hasGold = iterations.some((row) => row.goldReward != null && row.goldRewardInterval != null);
  const parts: TopLevelSpec[] = [
    ...(aligned.length > 0 ? [loss(aligned)] : []),
    ...(aligned.some((row) => row["rewards/accuracies"] != null) ? [accuracy(aligned)] : []),
    ...(aligned.some((row) => row["rewards/chosen"] != null || row["rewards/rejected"] != null)
      ? [rewards(aligned)]
      : []),
    ...(hasGold ? [goldByIteration(iterations)] : []),
    ...(reviewed.length > 0 ? [margins(reviewed)] : []),
    ...(iterations.some((row) => Object.values(row.seconds).some((each) => each != null)) ? [seconds(iterations)] : []),
  ];
  if (parts.length === 0) {
    throw new InputError(
      "plot.dashboard: the run has no logged steps and no iterations yet; plot it once training has begun",
    );
  }
  return withTheme(
    {
      description: "A run at one look",
      columns: 2,
      spacing: { row: 36, column: 32 },
      concat: parts.map((part) => narrowed(part) as TopLevelSpec),
      // Each part has its own series.
      resolve: { scale: { color: "independent" } },
    },
    lightTheme,
  );
}

/** Narrows a plot to the width of a part, wrapping its subtitle onto more lines. */
function narrowed(value: unknown, key?: string): unknown {
  if (key === "width" && value === width) return partWidth;
  if (key === "subtitle") return [value as string | string[]].flat().flatMap((line) => linesOf(line, partWidth));
  if (Array.isArray(value)) return value.map((item) => narrowed(item));
  if (typeof value !== "object" || value === null || key === "data" || key === "datasets") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, narrowed(part, name)]));
}

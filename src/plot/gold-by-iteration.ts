import type { TopLevelSpec } from "vega-lite";
import type { Interval } from "../stats/interval.js";
import { rowsOf, type Rows } from "./rows.js";
import { schema } from "./schema.js";
import { lightTheme, palette } from "./theme.js";

/** Gold reward of a policy's responses; iteration 0 is the SFT model. */
export interface GoldRow extends Interval {
  readonly iteration: number;
}

/** Mean gold reward of each iteration's policy, with 95 % intervals. */
export function goldByIteration(rows: Rows<GoldRow>): TopLevelSpec {
  const title = "Gold reward by iteration";
  const values = rowsOf(rows).map(({ iteration, mean, low, high }) => ({
    policy: iteration === 0 ? "SFT" : `iteration ${iteration}`,
    mean,
    low,
    high,
  }));
  const x = { field: "policy", type: "ordinal" as const, title: null, sort: null, axis: { labelAngle: 0 } };
  const y = {
    type: "quantitative" as const,
    title: "gold reward (0 to 1)",
    axis: { format: ".2~f" },
    scale: { zero: false, padding: 12 },
  };
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "mean over held-out prompts, with 95 % interval" },
    width: 420,
    height: 220,
    data: { values },
    layer: [
      {
        mark: { type: "line", opacity: 0.35, aria: false },
        encoding: { x, y: { ...y, field: "mean" } },
      },
      {
        mark: { type: "rule", strokeWidth: 2, color: palette.blue, aria: false },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "circle", size: 90, opacity: 1 },
        encoding: { x, y: { ...y, field: "mean" } },
      },
      {
        mark: { type: "text", align: "left", dx: 9, dy: 10 },
        encoding: { x, y: { ...y, field: "mean" }, text: { field: "mean", type: "quantitative", format: ".3f" } },
      },
    ],
    config: lightTheme,
  };
}

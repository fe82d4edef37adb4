import type { TopLevelSpec } from "vega-lite";
import { InputError } from "../base/errors.js";
import { schema, width } from "./frame.js";
import { legendOf, seriesColours } from "./legend.js";
import type { Rows } from "./rows.js";
import { rowsOf } from "./source.js";
import { lightTheme } from "./theme.js";

/** A policy's distance from the start model and its reward, each with a 95 % interval. */
export interface FrontierRow {
  /** The curve that the point belongs to. */
  readonly series: string;
  /** KL(π ‖ π_start), in nats. */
  readonly kl: number;
  readonly klLow: number;
  readonly klHigh: number;
  /** In [0, 1]. */
  readonly reward: number;
  readonly rewardLow: number;
  readonly rewardHigh: number;
}

/**
 * Gold reward against the distance from the start model, as in figure 2 of the DPO paper (Rafailov et al. 2023): at
 * equal distance, the higher curve makes better use of it, whatever its β. One colour per series.
 *
 * @throws InputError if there are no rows
 */
export function frontier(source: Rows<FrontierRow>): TopLevelSpec {
  const rows = rowsOf(source);
  if (rows.length === 0) throw new InputError("plot.frontier: no rows to draw");
  const title = "Gold reward against distance from the start";
  const names = [...new Set(rows.map(({ series }) => series))];
  const values = rows.map(({ series, kl, klLow, klHigh, reward, rewardLow, rewardHigh }) => ({
    series,
    kl,
    klLow,
    klHigh,
    reward,
    rewardLow,
    rewardHigh,
  }));
  const x = { field: "kl", type: "quantitative" as const, title: "KL from the start (nats)", axis: { format: "~g" } };
  const y = {
    field: "reward",
    type: "quantitative" as const,
    title: "gold reward (0 to 1)",
    axis: { format: ".2~f" },
    scale: { zero: false, padding: 12 },
  };
  const color = {
    field: "series",
    type: "nominal" as const,
    scale: { domain: names, range: seriesColours("frontier", names) },
    legend: legendOf(names),
  };
  const rule = { type: "rule" as const, strokeWidth: 1.5, opacity: 0.5, aria: false };
  const number = (field: string, named: string, format: string) => ({
    field,
    title: named,
    format,
    type: "quantitative" as const,
  });
  return {
    $schema: schema,
    description: title,
    title: { text: title, subtitle: "sampled at temperature 1, with 95 % intervals over prompts" },
    width,
    height: 300,
    data: { values },
    layer: [
      { mark: rule, encoding: { x: { ...x, field: "klLow" }, x2: { field: "klHigh" }, y, color } },
      { mark: rule, encoding: { x, y: { ...y, field: "rewardLow" }, y2: { field: "rewardHigh" }, color } },
      {
        mark: { type: "circle", size: 80, opacity: 1 },
        encoding: {
          ...{ x, y, color },
          tooltip: [
            { field: "series", type: "nominal", title: "method" },
            ...[
              number("kl", "KL from the start", ".2f"),
              number("klLow", "95 % interval from", ".2f"),
              number("klHigh", "to", ".2f"),
            ],
            ...[
              number("reward", "gold reward", ".3f"),
              number("rewardLow", "95 % interval from", ".3f"),
              number("rewardHigh", "to", ".3f"),
            ],
          ],
        },
      },
    ],
    config: lightTheme,
  };
}

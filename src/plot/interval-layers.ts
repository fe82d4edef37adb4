import { palette } from "./theme.js";

/** A Vega-Lite encoding channel. */
interface Channel {
  readonly type: "quantitative" | "nominal";
  readonly title: string;
}

/**
 * Layers for rows with `mean`, `low` and `high`: a line through the means, the intervals as rules, and a tooltip with the
 * numbers.
 *
 * @param shared encodings of all layers: horizontal position and colour
 * @param y the vertical axis, without its field
 * @param facts tooltip entries before the numbers
 */
export function intervalLayers<Shared extends object, Y extends Channel, Fact extends Channel>(
  shared: Shared,
  y: Y,
  facts: readonly Fact[],
) {
  const number = (field: string, title: string) => ({
    ...{ field, title },
    type: "quantitative" as const,
    format: ".3f",
  });
  return [
    { mark: { type: "line" as const, opacity: 0.5, aria: false }, encoding: { ...shared, y: { ...y, field: "mean" } } },
    {
      mark: { type: "rule" as const, strokeWidth: 2, color: palette.blue, aria: false },
      encoding: { ...shared, y: { ...y, field: "low" }, y2: { field: "high" } },
    },
    {
      mark: { type: "circle" as const, size: 80, opacity: 1 },
      encoding: {
        ...shared,
        y: { ...y, field: "mean" },
        tooltip: [...facts, number("mean", y.title), number("low", "95 % interval from"), number("high", "to")],
      },
    },
  ];
}

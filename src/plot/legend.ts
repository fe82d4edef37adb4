import { InputError } from "../base/errors.js";
import { width } from "./frame.js";
import { textWidth } from "./text-width.js";
import { palette } from "./theme.js";

/** Width of a legend entry in addition to its text (symbol and spacing), in pixels. */
const besides = 34;

/** A legend above the plot, with as many columns as fit. */
export function legendOf(labels: readonly string[]): { readonly columns?: number } {
  const widths = labels.map((label) => textWidth({}, label) + besides);
  const inOneRow = widths.reduce((sum, each) => sum + each, 0) <= width;
  return inOneRow ? {} : { columns: Math.max(1, Math.floor(width / Math.max(...widths))) };
}

/**
 * A colour for each series.
 *
 * @param plot name of the plot, for the error
 * @throws InputError if there are more series than colours that can be told apart
 */
export function seriesColours(plot: string, series: readonly string[]): string[] {
  const colours = Object.values(palette);
  if (series.length > colours.length) {
    throw new InputError(
      `plot.${plot}: found ${series.length} series, expected at most ${colours.length}, ` +
        "since no more colours can be told apart; draw fewer runs",
    );
  }
  return colours.slice(0, series.length);
}

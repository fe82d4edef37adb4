import { InputError } from "../base/errors.js";
import type { MarginRow } from "./rows.js";
import { rowsFrom, type Source } from "./source.js";
import { palette } from "./theme.js";

/** The pairs reviewed before an iteration, or by a policy. */
export interface Review {
  readonly name: string;
  readonly pairs: readonly MarginRow[];
}

/**
 * Groups the reviewed pairs of a source by the iteration that follows their review.
 *
 * @param plot name of the plot, for the error
 * @throws InputError if there are no reviewed pairs
 */
export function reviewsFrom(plot: string, source: Source<"margins">): Review[] {
  const rows = rowsFrom(plot, "margins", source);
  if (rows.length === 0) {
    throw new InputError(
      `plot.${plot}: no reviewed pairs; the first iteration trains on all pairs, and reviews begin with iteration 2`,
    );
  }
  const iterations = [...new Set(rows.map(({ iteration }) => iteration))].sort((a, b) => a - b);
  return iterations.map((iteration) => ({
    name: reviewName(rows.find((row) => row.iteration === iteration)!),
    pairs: rows.filter((row) => row.iteration === iteration),
  }));
}

/** Name of the review that a pair belongs to. */
export function reviewName({ iteration, policy }: MarginRow): string {
  return policy ?? `before iteration ${iteration}`;
}

export type Selection = "kept" | "dropped" | "not selected from";

/** Whether a review kept a pair. */
export function selectionOf({ kept }: MarginRow): Selection {
  return kept === undefined ? "not selected from" : kept ? "kept" : "dropped";
}

/** Colours of kept and dropped pairs, with a legend if there was a selection. */
export const selectionColour = {
  field: "selection",
  type: "nominal" as const,
  scale: { domain: ["kept", "dropped"] satisfies Selection[], range: [palette.blue, palette.orange] },
};

/** The colour of pairs without a selection. */
export const oneColour = { value: palette.blue };

import type { InputError, Place } from "../base/errors.js";

/** A row that was skipped (`skipBadRows`). */
export interface SkippedRow {
  readonly place: Place;
  /** The error message, with the row's location. */
  readonly reason: string;
}

/** Handles a bad row: throw to stop reading, return to continue with the next row. */
export type OnBadRow = (error: InputError, place: Place) => void;

/** An {@link OnBadRow} that stops at the first bad row. */
export const throwBadRow: OnBadRow = (error) => {
  throw error;
};

/** An {@link OnBadRow} that records the row in `skipped` and continues. */
export function skipInto(skipped: SkippedRow[]): OnBadRow {
  return (error, place) => void skipped.push({ place, reason: error.message });
}

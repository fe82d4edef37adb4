import type { InputError, Place } from "../base/errors.js";

/** A row that was left out because the caller chose to skip bad rows. */
export interface SkippedRow {
  readonly place: Place;
  /** The message of the error that the row would have been; it names the place too. */
  readonly reason: string;
}

/** What becomes of a bad row: throwing ends the reading, returning goes on with the next row. */
export type OnBadRow = (error: InputError, place: Place) => void;

/** The {@link OnBadRow} that ends the reading. */
export const throwBadRow: OnBadRow = (error) => {
  throw error;
};

/** The {@link OnBadRow} that goes on and leaves a note in `skipped`. */
export function skipInto(skipped: SkippedRow[]): OnBadRow {
  return (error, place) => void skipped.push({ place, reason: error.message });
}

import type { Place } from "../base/errors.js";

/** A row of a file, not yet validated. */
export type Row = Readonly<Record<string, unknown>>;

/** A row and its location. */
export interface PlacedRow {
  readonly row: Row;
  readonly place: Place;
}

import type { Place } from "../base/errors.js";

/** A row as it stands in the file: nothing is known of its fields yet. */
export type Row = Readonly<Record<string, unknown>>;

/** A row and where it was found. */
export interface PlacedRow {
  readonly row: Row;
  readonly place: Place;
}

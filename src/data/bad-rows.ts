import { describePlace, type InputError, type Place } from "../base/errors.js";
import { countAt } from "./places.js";

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

/** A skipped row or example; the place is unknown if it was skipped after reading. */
type Skipped = Pick<SkippedRow, "reason"> & Partial<Pick<SkippedRow, "place">>;

/**
 * Why rows were skipped, the most common reason first: `10 rows (lines 11, 12, …): the reason`, or the whole message of
 * a reason that only one row has.
 *
 * @param source what was read, as the user named it
 */
export function skippedReasons(skipped: readonly Skipped[], source: string): string[] {
  return byReason(skipped).map(([reason, rows]) =>
    rows.length === 1 ? rows[0]!.reason : `${countAt(rows.length, "row", placesOf(rows), source)}: ${reason}`,
  );
}

/** One sentence on skipped rows: how many, and the most common or, if all reasons differ, the first reason. */
export function skippedSummary(skipped: readonly Skipped[], source: string): string {
  const [[reason, rows], ...others] = byReason(skipped) as [[string, Skipped[]], ...[string, Skipped[]][]];
  if (others.length === 0 && rows.length > 1)
    return `${countAt(rows.length, "bad row", placesOf(rows), source)}: ${reason}`;
  const all = countAt(skipped.length, "bad row", [], source);
  if (rows.length === 1) return `${all}; the first: ${rows[0]!.reason}`;
  return `${all}; the most common reason, of ${countAt(rows.length, "row", placesOf(rows), source)}: ${reason}`;
}

/** The rows by their reason without its place, the most common reason first. */
function byReason(skipped: readonly Skipped[]): [string, Skipped[]][] {
  const reasons = new Map<string, Skipped[]>();
  for (const row of skipped) {
    const prefix = describePlace(row.place ?? {});
    const reason = row.reason.startsWith(prefix) ? row.reason.slice(prefix.length) : row.reason;
    const rows = reasons.get(reason);
    if (rows) rows.push(row);
    else reasons.set(reason, [row]);
  }
  return [...reasons].sort(([, a], [, b]) => b.length - a.length);
}

const placesOf = (rows: readonly Skipped[]) => rows.map(({ place }) => place);

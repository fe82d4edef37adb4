import type { Place } from "../base/errors.js";
import { countAt, mostPlaces } from "./places.js";

/** How a file was read: what each column became, which columns were not read, and what else a user should know. */
export interface Reading {
  /** What each column became, such as `question: "prompt"`. */
  readonly mapped: Readonly<Record<string, string>>;
  /** Unread columns and message fields (`chosen[].weight`), with the number of rows that have them. */
  readonly unread: Readonly<Record<string, number>>;
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** Collects a {@link Reading} row by row. */
export class ReadingLog {
  private readonly mapped = new Map<string, string>();
  private readonly unread = new Map<string, number>();
  private readonly remarks = new Map<string, { rows: number; readonly places: Place[] }>();

  /** Records that a column was read, and as what. */
  reads(column: string, as: string): void {
    this.mapped.set(column, as);
  }

  /** Records columns or fields of a row that were not read. */
  leaves(names: Iterable<string>): void {
    for (const name of names) this.unread.set(name, (this.unread.get(name) ?? 0) + 1);
  }

  /** Adds a note that is reported once, with the rows it applies to: `"3 rows (lines 4, 9, 12): …"`. */
  remark(text: string, place?: Place): void {
    const remark = this.remarks.get(text) ?? { rows: 0, places: [] };
    remark.rows++;
    if (place && remark.places.length < mostPlaces) remark.places.push(place);
    this.remarks.set(text, remark);
  }

  /**
   * Adds the log of a row.
   *
   * @param place of the row
   * @param columns columns also read, as numbers for the loss, by the name that the loss reads
   */
  add(row: ReadingLog, place: Place, columns: Readonly<Record<string, string>> = {}): void {
    for (const [column, as] of row.mapped) this.reads(column, as);
    for (const [name, column] of Object.entries(columns)) this.reads(column, `column "${name}" of the loss`);
    this.leaves([...row.unread.keys()].filter((name) => !Object.values(columns).includes(name)));
    for (const text of row.remarks.keys()) this.remark(text, place);
  }

  /**
   * @param source what was read, as the user named it
   * @param plausibility more notes
   */
  result(source: string, plausibility: readonly string[] = []): Reading {
    const unread = [...this.unread].map(([name, rows]) => `${name} (${rows})`);
    return {
      mapped: Object.fromEntries(this.mapped),
      unread: Object.fromEntries(this.unread),
      notes: [
        ...(unread.length > 0 ? [`not read, with the number of rows: ${unread.join(", ")}`] : []),
        ...[...this.remarks].map(([text, { rows, places }]) => `${countAt(rows, "row", places, source)}: ${text}`),
        ...plausibility,
      ],
    };
  }
}

/** Whether a field has a value: table files fill missing fields with null, empty values, or objects of such values. */
export function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return (
    typeof value !== "object" ||
    value instanceof Uint8Array ||
    value instanceof Date ||
    Object.values(value).some(isGiven)
  );
}

import { numberFormat } from "./number-format.js";
import { isList, jsonText, shortened, type Shortened } from "./short.js";

/** Type of a column's values, as its header shows it: `empty` without values, `mixed` for several types. */
export type ColumnType = "text" | "integer" | "number" | "boolean" | "date" | "list" | "object" | "mixed" | "empty";

/** One cell of a column. */
export interface Cell extends Shortened {
  /** Whether the value is missing and the text stands in for it. */
  readonly missing?: boolean;
}

/** A column as displayed. */
export interface ShownColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly cells: readonly Cell[];
}

const nothing: Cell = { text: "–", missing: true };

/**
 * Formats the values of a column, all in one format chosen from these values alone.
 *
 * @param values the values; null and undefined are missing
 */
export function shownColumn(name: string, values: readonly unknown[]): ShownColumn {
  const type = typeOf(values);
  const format = formats(type, values);
  return { name: shortened(name).text, type, cells: values.map((value) => (value == null ? nothing : format(value))) };
}

/** Whether a column is right-aligned, so that its digits line up. */
export function isNumeric(type: ColumnType): boolean {
  return type === "integer" || type === "number";
}

function typeOf(values: readonly unknown[]): ColumnType {
  const kinds = new Set(values.filter((value) => value != null).map(kindOf));
  if (kinds.size === 0) return "empty";
  if (kinds.size === 1) return [...kinds][0]!;
  return [...kinds].every(isNumeric) ? "number" : "mixed";
}

function kindOf(value: unknown): ColumnType {
  if (typeof value === "bigint") return "integer";
  // NaN stands for a missing number in integer and number columns alike.
  if (typeof value === "number") return Number.isInteger(value) || Number.isNaN(value) ? "integer" : "number";
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "date";
  if (isList(value)) return "list";
  return typeof value === "object" ? "object" : "text";
}

function formats(type: ColumnType, values: readonly unknown[]): (value: unknown) => Cell {
  const number = numberFormat(values.filter((value) => typeof value === "number"));
  const date = dateFormat(values.filter((value) => value instanceof Date));
  return (value) => {
    if (typeof value === "bigint") return { text: value.toLocaleString("en-US") };
    // Numbers in a mixed column are written in full.
    if (typeof value === "number") return { text: type === "mixed" ? String(value) : number(value) };
    if (value instanceof Date) return { text: date(value) };
    return shortened(typeof value === "object" ? jsonText(value as object) : String(value));
  };
}

/** ISO 8601, without the time if every date is midnight UTC, and without milliseconds if no date has any. */
function dateFormat(dates: readonly Date[]): (date: Date) => string {
  const times = dates.map(Number).filter((time) => !Number.isNaN(time));
  const multiplesOf = (milliseconds: number) => times.every((time) => time % milliseconds === 0);
  const write = (text: string) =>
    multiplesOf(86_400_000) ? text.slice(0, 10) : multiplesOf(1000) ? text.replace(".000Z", "Z") : text;
  return (date) => (Number.isNaN(Number(date)) ? "Invalid Date" : write(date.toISOString()));
}

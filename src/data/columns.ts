import { errorAt, InputError, quote, type Place } from "../base/errors.js";
import { numberIn } from "./fields.js";
import type { Row } from "./row.js";

/** Columns that accompany the pairs: the name that a loss reads, mapped to the file's column. */
export type ColumnNames = Readonly<Record<string, string>>;

/**
 * Reads the numbers of a row that accompany its pair.
 *
 * @throws InputError naming a column that is missing from the row or is not a finite number
 */
export function readColumns(names: ColumnNames, row: Row, place: Place): Record<string, number> {
  return Object.fromEntries(
    Object.entries(names).map(([name, column]) => {
      const value = row[column];
      const number = numberIn(value);
      if (number !== undefined && Number.isFinite(number)) return [name, number];
      throw errorAt(
        place,
        value === undefined
          ? `column ${quote(column)} is missing; expected a number`
          : `column ${quote(column)} is ${quote(value)}; expected a number`,
      );
    }),
  );
}

/** @throws InputError if a name or a column is not a string */
export function checkColumnNames(names: ColumnNames): void {
  if (typeof names !== "object" || names === null || Array.isArray(names)) {
    throw new InputError(
      `columns: found ${quote(names)}, expected the file's column for each name, as in { weight: "weight" }`,
    );
  }
  for (const [name, column] of Object.entries(names)) {
    if (name === "" || typeof column !== "string" || column === "")
      throw new InputError(
        `columns: found ${quote(column)} for ${quote(name)}, expected the name of a column of the file`,
      );
  }
}

/** Parses `weight,labelSmoothing=doubt`; undefined if the text has another form or repeats a name. */
export function parseColumnNames(text: string): ColumnNames | undefined {
  const parts = text.split(",").map((part) => part.split("=").map((name) => name.trim()));
  const isGood =
    parts.every((names) => names.length <= 2 && names.every((name) => name !== "")) &&
    new Set(parts.map(([name]) => name)).size === parts.length;
  return isGood ? Object.fromEntries(parts.map(([name, column = name]) => [name, column])) : undefined;
}

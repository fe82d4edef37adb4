import type { Schema } from "../../base/option-kinds.js";

/** A JSON file of a run's folder: its path and the schema of its content. */
export interface JsonFile<T> {
  readonly kind: "json";
  /** Relative to the run's folder, with forward slashes. */
  readonly path: string;
  readonly schema: Schema<T>;
}

/** A JSON Lines file of a run's folder; `schema` is that of a row. */
export interface RowsFile<T> {
  readonly kind: "rows";
  readonly path: string;
  readonly schema: Schema<T>;
}

export function jsonFile<T>(path: string, schema: Schema<T>): JsonFile<T> {
  return { kind: "json", path, schema };
}

export function rowsFile<T>(path: string, schema: Schema<T>): RowsFile<T> {
  return { kind: "rows", path, schema };
}

import { table as arqueroTable, type ColumnTable } from "arquero";
import type { DataFrame } from "danfojs-node";
import { InputError, quote } from "../base/errors.js";
import { isDanfoFrame, tableSource, type DanfoFrame, type TableInput } from "./table/source.js";

/**
 * Converts a table to a danfojs DataFrame, with explicit column types.
 *
 * A DataFrame can store numbers, strings, booleans and dates. Missing numbers become NaN, which danfojs' statistics
 * ignore; other missing values become null; a column without values becomes a column of NaN. Lists, objects, columns of
 * mixed types and bigints too large for a number are rejected.
 *
 * @throws InputError if danfojs-node is not installed, or cannot represent a column
 * @example (await toDanfo(run.margins)).describe().print()
 */
export async function toDanfo(table: TableInput): Promise<DataFrame> {
  const { rows, columns } = tableSource(table);
  const held = columns.map(({ name, at }) => ({
    name,
    ...columnOf(
      name,
      Array.from({ length: rows }, (_, row) => at(row)),
    ),
  }));
  const { DataFrame } = await loadDanfo();
  // Row by row, because danfojs reads columns only from tables with rows.
  const data = Array.from({ length: rows }, (_, row) => held.map(({ values }) => values[row]));
  return new DataFrame(data, { columns: held.map(({ name }) => name), dtypes: held.map(({ dtype }) => dtype) });
}

/**
 * Converts a danfojs DataFrame or Series to an Arquero table. Values are unchanged; an index other than the row number
 * becomes the column `index`.
 *
 * @throws InputError if the value is neither
 */
export function fromDanfo(frame: DanfoFrame): ColumnTable {
  if (!isDanfoFrame(frame))
    throw new InputError(`fromDanfo: found ${quote(frame)}, expected a danfojs DataFrame or Series`);
  const { rows, columns } = tableSource(frame);
  return arqueroTable(
    columns.map(({ name, at }) => [name, Array.from({ length: rows }, (_, row) => at(row))] as const),
  );
}

type Held = { readonly dtype: string; readonly values: readonly unknown[] };

function columnOf(name: string, given: readonly unknown[]): Held {
  const kinds = new Set(given.filter((value) => value != null).map(kindOf));
  const [kind = "number"] = kinds;
  const refuse = (found: string) => {
    throw new InputError(
      `column ${name}: found ${found}, expected numbers, strings, booleans or dates, the types that danfojs supports`,
    );
  };
  if (kinds.size > 1) refuse([...kinds].join(" and "));
  if (kind === "number") {
    const values = given.map((value) => (value == null ? NaN : Number(value)));
    const lost = given.findIndex((value, row) => typeof value === "bigint" && !Number.isSafeInteger(values[row]));
    if (lost >= 0) refuse(`${given[lost]} in row ${lost}, too large for a number`);
    return {
      dtype: values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31) ? "int32" : "float32",
      values,
    };
  }
  const dtypes: Readonly<Record<string, string>> = { string: "string", boolean: "boolean", date: "datetime" };
  const dtype = dtypes[kind] ?? refuse(kind === "object" ? "lists or objects" : `values of type ${kind}`);
  return { dtype, values: given.map((value) => value ?? null) };
}

function kindOf(value: unknown): string {
  if (typeof value === "bigint") return "number";
  return value instanceof Date ? "date" : typeof value;
}

async function loadDanfo(): Promise<typeof import("danfojs-node")> {
  try {
    const danfo = await import("danfojs-node");
    // Plain tfjs prints an eight-line greeting at its first tensor, which does not belong in a cell's output.
    const backend = danfo.tensorflow.backend() as { firstUse?: boolean };
    if (backend.firstUse) backend.firstUse = false;
    return danfo;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new InputError(howToInstall, { cause: error });
  }
}

/**
 * The overrides are those of this project's package.json; npm applies only the overrides of the project that it
 * installs into.
 */
const howToInstall = `danfojs-node is not installed, or not whole; expected it beside sera-lab. Write these lines into your
project's package.json, which keep the installation to the registry and off a native library that no longer builds:

  "overrides": {
    "danfojs-node": {
      "@tensorflow/tfjs-node": "npm:@tensorflow/tfjs@4.22.0",
      "request": "npm:@cypress/request@4.0.1",
      "xlsx": "npm:@e965/xlsx@0.20.3"
    }
  }

and then run: npm install danfojs-node@1.2.0`;

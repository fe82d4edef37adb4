import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { checkJson } from "../../../base/read-json.js";

export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** A number of the metadata; those of eight bytes come as big integers. */
const number = z.union([z.number(), z.bigint().transform(Number)], { error: "expected a number" });

/** What values of the metadata may have to be. */
export const kinds = {
  text: z.string(),
  flag: z.boolean(),
  number,
  size: number.pipe(z.int().positive()),
  id: number.pipe(z.int().nonnegative()),
  texts: z.array(z.string()),
  numbers: z.array(number),
} as const;

/** The metadata of a GGUF file: values by their keys. */
export class Metadata {
  constructor(
    private readonly values: ReadonlyMap<string, MetadataValue>,
    /** The file, for errors. */
    readonly path: string,
  ) {}

  /**
   * A value that has to be there.
   *
   * @throws InputError that names the key where it is missing, or of another kind
   */
  get<Kind extends z.ZodType>(key: string, kind: Kind): z.infer<Kind> {
    return checkJson(this.values.get(key), kind, this.path, key);
  }

  /** A value that may be missing. */
  find<Kind extends z.ZodType>(key: string, kind: Kind): z.infer<Kind> | undefined {
    return this.values.has(key) ? this.get(key, kind) : undefined;
  }

  /** The entry of a table that a value names. @throws InputError that lists the table's names where it is none of them */
  choose<Entry>(key: string, table: Readonly<Record<string, Entry>>): Entry {
    const name = this.get(key, kinds.text);
    if (Object.hasOwn(table, name)) return table[name]!;
    throw inputError({ file: this.path }, `${key} = ${quote(name)}`, `one of ${Object.keys(table).join(", ")}`);
  }
}

/** The shortest decimal that is this float32: 1e-5, not 0.000009999999747378752. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

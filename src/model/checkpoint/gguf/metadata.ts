import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { checkJson } from "../../../base/read-json.js";

export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** A number in the metadata; eight-byte integers arrive as bigints. */
const number = z.union([z.number(), z.bigint().transform(Number)], { error: "expected a number" });

/** Types that metadata values can be required to have. */
export const kinds = {
  text: z.string(),
  flag: z.boolean(),
  number,
  size: number.pipe(z.int().positive()),
  id: number.pipe(z.int().nonnegative()),
  texts: z.array(z.string()),
  numbers: z.array(number),
} as const;

/** The metadata of a GGUF file: values by key. */
export class Metadata {
  constructor(
    private readonly values: ReadonlyMap<string, MetadataValue>,
    /** The file, for the errors. */
    readonly path: string,
  ) {}

  /**
   * Returns a required value.
   *
   * @throws InputError naming the key if it is missing, or of another kind
   */
  get<Kind extends z.ZodType>(key: string, kind: Kind): z.infer<Kind> {
    return checkJson(this.values.get(key), kind, this.path, key);
  }

  /** Returns an optional value. */
  find<Kind extends z.ZodType>(key: string, kind: Kind): z.infer<Kind> | undefined {
    return this.values.has(key) ? this.get(key, kind) : undefined;
  }

  /** Returns the table entry that a value names. @throws InputError listing the table's names if it is not among them */
  choose<Entry>(key: string, table: Readonly<Record<string, Entry>>): Entry {
    const name = this.get(key, kinds.text);
    if (Object.hasOwn(table, name)) return table[name]!;
    throw inputError({ file: this.path }, `${key} = ${quote(name)}`, `one of ${Object.keys(table).join(", ")}`);
  }
}

/** The shortest decimal that rounds to this float32: 1e-5, not 0.000009999999747378752. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

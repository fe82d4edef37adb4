import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { endOfString } from "../../../base/json.js";
import { checkJson, parseJson } from "../../../base/read-json.js";
import { sizeOf, type Shape } from "../../../graph/tensor.js";

/** Bytes of one element, for every element type that is supported. */
export const bytesPerElement = { F32: 4, F16: 2, BF16: 2 } as const;

/** Free text about a file, by name. */
export type Metadata = Readonly<Record<string, string>>;

/** A tensor's location in a file. */
export interface StoredTensor {
  readonly name: string;
  /** One of {@link bytesPerElement}, or an unsupported type. */
  readonly dtype: string;
  readonly shape: Shape;
  /** First byte, and the one after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  readonly metadata: Metadata;
  /** In byte order. */
  readonly tensors: readonly StoredTensor[];
}

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * Parses a header and checks that its tensors cover the data exactly: no gap, no overlap, nothing beyond the end. Source:
 * https://huggingface.co/docs/safetensors (format).
 *
 * @param json the header's text
 * @param dataSize bytes of the file after the header
 * @param file path for the errors
 * @throws InputError naming the tensor, what was found and what was expected
 */
export function parseHeader(json: string, dataSize: number, file: string): SafetensorsHeader {
  const { __metadata__: metadata, ...entries } = parseJson(json, z.record(z.string(), z.unknown()), file);
  const duplicate = firstDuplicate(topLevelKeys(json));
  if (duplicate !== undefined) {
    throw inputError({ file }, `two tensors named ${quote(duplicate)}`, "every name once");
  }
  const tensors = Object.entries(entries)
    .map(([name, entry]) => parseEntry(name, entry, file))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== covered) {
      throw inputError(
        { file },
        `tensor ${quote(name)} at bytes ${begin} to ${end} of the data`,
        `it to begin at ${covered}, where ${covered === 0 ? "the data begins" : "the tensor before it ends"}`,
      );
    }
    if (end > dataSize) {
      throw inputError(
        { file },
        `${dataSize} bytes of data`,
        `at least ${end}, where tensor ${quote(name)} ends: the file may have been cut short`,
      );
    }
    covered = end;
  }
  if (covered !== dataSize) {
    throw inputError({ file }, `${dataSize} bytes of data`, `${covered}, where the last tensor ends`);
  }
  return { metadata: checkJson(metadata ?? {}, z.record(z.string(), z.string()), file, "__metadata__"), tensors };
}

function parseEntry(name: string, entry: unknown, file: string): StoredTensor {
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = checkJson(entry, entrySchema, file, `tensor ${quote(name)}`);
  // A tensor of an unsupported type may have any size, but not a negative one.
  const size = isReadable(dtype) ? sizeOf(shape) * bytesPerElement[dtype] : Math.max(0, end - begin);
  if (end - begin !== size) {
    throw inputError(
      { file },
      `tensor ${quote(name)} of ${end - begin} bytes`,
      `${size} bytes, the size of ${dtype} [${shape}]`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Whether tensors of an element type are supported. */
export function isReadable(dtype: string): dtype is keyof typeof bytesPerElement {
  return Object.hasOwn(bytesPerElement, dtype);
}

/**
 * Names of a JSON object's own properties including repetitions, which `JSON.parse` drops.
 *
 * @param json text known to be a JSON object
 */
function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const token = json[at];
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token === '"') {
      const end = endOfString(json, at) + 1;
      if (depth === 1 && isFollowedByColon(json, end)) keys.push(JSON.parse(json.slice(at, end)) as string);
      at = end - 1;
    }
  }
  return keys;
}

function isFollowedByColon(json: string, at: number): boolean {
  const next = /\S/g;
  next.lastIndex = at;
  return next.exec(json)?.[0] === ":";
}

function firstDuplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/**
 * Formats the header of a file that stores `tensors` in this order, padded so that the data begins at a multiple of 8 bytes.
 *
 * @returns the header's bytes, preceded by its length
 */
export function formatHeader({ metadata, tensors }: SafetensorsHeader): Uint8Array {
  const entries = tensors.map(({ name, dtype, shape, begin, end }) => [
    name,
    { dtype, shape, data_offsets: [begin, end] },
  ]);
  const sortedMetadata = Object.fromEntries(Object.entries(metadata).sort(byName));
  const json = JSON.stringify(Object.fromEntries([["__metadata__", sortedMetadata], ...entries]));
  const text = Buffer.from(json);
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8), 0);
  text.copy(bytes, 8);
  return bytes;
}

/** Orders entries by name in code units, independently of the locale. */
export function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

import { inputError, quote } from "../../../base/errors.js";
import { writeFileAtomic } from "../../../base/files.js";
import type { Tensor } from "../../../graph/tensor.js";
import { readAll } from "../tensor-source.js";
import { findOverflow, narrow } from "./half-precision.js";
import { SafetensorsFile } from "./safetensors-file.js";
import { byName, bytesPerElement, formatHeader, type Metadata, type StoredTensor } from "./safetensors-header.js";

/** Named tensors and their file's metadata. */
export interface Safetensors {
  /** In the order of the file. */
  readonly tensors: Map<string, Tensor<"float32">>;
  readonly metadata: Metadata;
}

/**
 * Reads a safetensors file; F16 and BF16 are widened to float32, exactly.
 *
 * @throws InputError if the file is missing or truncated, has an invalid header, or contains other types
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await SafetensorsFile.open(path);
  try {
    return { tensors: await readAll(file), metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** Element types for writing weights, by their names in torch and `config.json`. */
export type WeightType = keyof typeof formats;

const formats = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/** Bytes of one element of a type. */
export function bytesOf(type: WeightType): number {
  return bytesPerElement[formats[type]];
}

/** Bytes buffered while writing, so that narrowing needs no second copy of a tensor. */
const chunkSize = 1 << 24;

/**
 * Writes tensors as one safetensors file, atomically. The tensors are written in name order, so that the same tensors and
 * metadata give the same bytes; they must not change until the promise settles.
 *
 * @param metadata free text by name; `format: "pt"`, which transformers requires, is added
 * @param type number format to write; rounded to nearest, ties to even
 * @throws RangeError if a name is given twice or is `__metadata__`; InputError if a finite number would become infinite in
 *   `type`; the system's error if the disk is full
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor<"float32">]>,
  metadata: Metadata = {},
  type: WeightType = "float32",
): Promise<void> {
  const dtype = formats[type];
  const sorted = [...tensors].sort(byName);
  const stored: StoredTensor[] = [];
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    if (name === "__metadata__") throw new RangeError(`a tensor cannot be named ${name}`);
    if (name === stored.at(-1)?.name) throw new RangeError(`two tensors are named ${name}`);
    if (dtype !== "F32") refuseOverflow(name, data, dtype);
    const begin = end;
    end += data.length * bytesPerElement[dtype];
    stored.push({ name, dtype, shape, begin, end });
  }
  const header = formatHeader({ metadata: { format: "pt", ...metadata }, tensors: stored });
  await writeFileAtomic(
    path,
    chunks(
      header,
      sorted.map(([, { data }]) => data),
      dtype,
    ),
  );
}

function refuseOverflow(name: string, data: Float32Array, dtype: "F16" | "BF16"): void {
  const at = findOverflow(dtype, data);
  if (at === -1) return;
  const found = `${data[at]} in tensor ${quote(name)}, which would become infinite in ${dtype}`;
  const other = dtype === "F16" ? "bfloat16 or float32" : "float32";
  throw inputError({}, found, `numbers that it holds (or write the weights as ${other})`);
}

async function* chunks(
  header: Uint8Array,
  arrays: readonly Float32Array[],
  dtype: StoredTensor["dtype"],
): AsyncGenerator<Uint8Array> {
  yield header;
  for (const data of arrays) {
    for (let start = 0; start < data.length; start += chunkSize / 4) {
      const part = data.subarray(start, start + chunkSize / 4);
      yield dtype === "F16" || dtype === "BF16" ? narrowed(dtype, part) : bytesOfArray(part);
    }
  }
}

function narrowed(dtype: "F16" | "BF16", numbers: Float32Array): Uint8Array {
  const bits = new Uint16Array(numbers.length);
  narrow(dtype, numbers, bits);
  return bytesOfArray(bits);
}

/** The bytes of an array of numbers, as stored in a file. */
export function bytesOfArray({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

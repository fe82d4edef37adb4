import { inputError, quote } from "../../../base/errors.js";
import { writeFileAtomic } from "../../../base/files.js";
import type { Tensor } from "../../../graph/tensor.js";
import { readAll } from "../tensor-source.js";
import { findOverflow, narrow } from "./half-precision.js";
import { SafetensorsFile } from "./safetensors-file.js";
import { byName, bytesPerElement, formatHeader, type Metadata, type StoredTensor } from "./safetensors-header.js";

/** Named tensors and what their file says about itself. */
export interface Safetensors {
  /** In the order of the file. */
  readonly tensors: Map<string, Tensor<"float32">>;
  readonly metadata: Metadata;
}

/**
 * Reads a safetensors file; F16 and BF16 are widened to float32, exactly.
 *
 * @throws InputError where the file is missing, is cut short, has a header that is not its own, or holds other types
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await SafetensorsFile.open(path);
  try {
    return { tensors: await readAll(file), metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** Element types that weights are written in, by the names that torch and `config.json` have for them. */
export type WeightType = keyof typeof formats;

const formats = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/** Bytes of one element of a type. */
export function bytesOf(type: WeightType): number {
  return bytesPerElement[formats[type]];
}

/** Bytes in flight while writing, so that narrowing needs no second copy of a tensor. */
const chunkSize = 1 << 24;

/**
 * Writes tensors as one safetensors file, whole or not at all. The tensors are written in the order of their names,
 * so that the same tensors and metadata give the same bytes; they must not change until the promise settles.
 *
 * @param metadata free text by name; `format: "pt"`, which transformers asks for, is added
 * @param type what the numbers are written as; to the nearest number of that type, and to even between two
 * @throws RangeError where a name is given twice or is `__metadata__`; InputError where a finite number would become
 *   infinite in `type`; the system's error where the disk is full
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

/** The memory of an array of numbers, as a file holds it. */
export function bytesOfArray({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

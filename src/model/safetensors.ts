import { open, type FileHandle } from "node:fs/promises";
import { inputError } from "../base/errors.js";
import { writeFileAtomic } from "../base/files.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { widen } from "./half-precision.js";
import { isMissing } from "./read-json.js";
import {
  byName,
  formatHeader,
  parseHeader,
  type Metadata,
  type SafetensorsHeader,
  type StoredTensor,
} from "./safetensors-header.js";

/** Largest header that the reference implementation reads. */
const maxHeaderSize = 100_000_000;

/** Bytes in flight while reading or writing, so that the peak is the tensors and not twice as much. */
const chunkSize = 1 << 24;

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
  const file = await openToRead(path);
  try {
    const { header, dataStart } = await readHeader(file, path);
    const tensors = new Map<string, Tensor<"float32">>();
    for (const stored of header.tensors) {
      tensors.set(stored.name, await readTensor(file, stored, dataStart + stored.begin, path));
    }
    return { tensors, metadata: header.metadata };
  } finally {
    await file.close();
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw inputError({ file: path }, "no such file", "weights in safetensors format", error);
  }
}

async function readHeader(file: FileHandle, path: string): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  const { size } = await file.stat();
  const length = Buffer.alloc(8);
  if (size < length.length) {
    throw inputError({ file: path }, `${size} bytes`, "at least 8, the length of a safetensors header");
  }
  await fill(file, length, 0, path);
  const headerSize = length.readBigUInt64LE();
  const largest = Math.min(size - length.length, maxHeaderSize);
  if (headerSize > BigInt(largest)) {
    throw inputError(
      { file: path },
      `a safetensors header of ${headerSize} bytes`,
      `at most ${largest}: the file is cut short, or not safetensors`,
    );
  }
  const bytes = Buffer.alloc(Number(headerSize));
  await fill(file, bytes, length.length, path);
  let json: string;
  try {
    json = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw inputError({ file: path }, "a header that is not UTF-8", "a safetensors header in JSON", error);
  }
  const dataStart = length.length + bytes.length;
  return { header: parseHeader(json, size - dataStart, path), dataStart };
}

async function readTensor(
  file: FileHandle,
  { dtype, shape, begin, end }: StoredTensor,
  position: number,
  path: string,
): Promise<Tensor<"float32">> {
  // The format is little-endian, and so is every machine that Node's binaries run on with an engine here.
  if (dtype === "F32") {
    const data = new Float32Array((end - begin) / 4);
    await fill(file, new Uint8Array(data.buffer), position, path);
    return tensor(shape, data);
  }
  const data = new Float32Array((end - begin) / 2);
  const bits = new Uint16Array(Math.min(data.length, chunkSize / 2));
  for (let start = 0; start < data.length; start += bits.length) {
    const part = bits.subarray(0, Math.min(bits.length, data.length - start));
    await fill(file, new Uint8Array(part.buffer, 0, part.byteLength), position + start * 2, path);
    widen(dtype, part, data.subarray(start, start + part.length));
  }
  return tensor(shape, data);
}

/** Reads exactly as many bytes as `target` holds. */
async function fill(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(chunkSize, target.length - done);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) {
      throw inputError({ file: path }, `an end at byte ${position + done}`, `at least ${position + target.length} bytes`);
    }
    done += bytesRead;
  }
}

/**
 * Writes tensors as one safetensors file (F32), whole or not at all. The tensors are written in the order of their
 * names, so that the same tensors and metadata give the same bytes; they must not change until the promise settles.
 *
 * @param metadata free text by name; `format: "pt"`, which transformers asks for, is added
 * @throws RangeError where a name is given twice or is `__metadata__`; the system's error where the disk is full
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor<"float32">]>,
  metadata: Metadata = {},
): Promise<void> {
  const sorted = [...tensors].sort(byName);
  const stored: StoredTensor[] = [];
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    if (name === "__metadata__") throw new RangeError(`a tensor cannot be named ${name}`);
    if (name === stored.at(-1)?.name) throw new RangeError(`two tensors are named ${name}`);
    const begin = end;
    end += data.byteLength;
    stored.push({ name, dtype: "F32", shape, begin, end });
  }
  const header = formatHeader({ metadata: { format: "pt", ...metadata }, tensors: stored });
  await writeFileAtomic(path, chunks(header, sorted.map(([, { data }]) => data)));
}

async function* chunks(header: Uint8Array, arrays: readonly Float32Array[]): AsyncGenerator<Uint8Array> {
  yield header;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (let start = 0; start < byteLength; start += chunkSize) {
      yield new Uint8Array(buffer, byteOffset + start, Math.min(chunkSize, byteLength - start));
    }
  }
}

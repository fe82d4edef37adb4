import { open, type FileHandle } from "node:fs/promises";
import { inputError, missingError, quote } from "../../../base/errors.js";
import { isMissing } from "../../../base/files.js";
import { tensor, type Tensor } from "../../../graph/tensor.js";
import type { StoredElements, TensorSource } from "../tensor-source.js";
import { widen } from "./half-precision.js";
import { bytesPerElement, isReadable, parseHeader, type Metadata, type StoredTensor } from "./safetensors-header.js";

/** Largest header that the reference implementation accepts. */
const maxHeaderSize = 100_000_000;

/** Bytes buffered while reading, so that peak memory is the tensors and not twice as much. */
const chunkSize = 1 << 24;

/** Two-byte numbers read at a time: they stay in a core's cache until they are widened. */
const partLength = 1 << 19;

/** An open safetensors file, with its header read and checked. */
export class SafetensorsFile implements TensorSource {
  private constructor(
    readonly path: string,
    readonly metadata: Metadata,
    /** In byte order. */
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    private readonly file: FileHandle,
    private readonly dataStart: number,
  ) {}

  /**
   * Opens a file and reads its header. Tensors of unsupported types cause no error until they are read: old checkpoints contain
   * boolean masks that current models do not need.
   *
   * @param expected describes the file that was expected, for the error if it is missing
   * @throws InputError if the file is missing or truncated, or its header is invalid
   */
  static async open(path: string, expected = "weights in safetensors format"): Promise<SafetensorsFile> {
    const file = await openToRead(path, expected);
    try {
      const { json, dataStart, dataSize } = await readHeader(file, path);
      const { tensors, metadata } = parseHeader(json, dataSize, path);
      const byName = new Map(tensors.map((stored) => [stored.name, stored]));
      return new SafetensorsFile(path, metadata, byName, file, dataStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(name: string): Promise<Tensor<"float32">> {
    const { dtype, shape, begin, end } = this.find(name);
    const data = new Float32Array((end - begin) / bytesPerElement[dtype]);
    if (dtype === "F32") {
      await this.fill(new Uint8Array(data.buffer), begin);
      return tensor(shape, data);
    }
    // The next part is read while the current one is widened.
    const partOf = async (start: number) => {
      const bits = new Uint16Array(Math.min(partLength, data.length - start));
      await this.fill(new Uint8Array(bits.buffer), begin + start * 2);
      return bits;
    };
    let next = partOf(0);
    for (let start = 0; start < data.length; start += partLength) {
      const bits = await next;
      if (start + partLength < data.length) next = partOf(start + partLength);
      widen(dtype, bits, data.subarray(start, start + bits.length));
    }
    return tensor(shape, data);
  }

  async readAsStored(name: string): Promise<StoredElements> {
    const { dtype, shape, begin, end } = this.find(name);
    const { buffer } = new Uint8Array(end - begin);
    await this.fill(new Uint8Array(buffer), begin);
    return dtype === "F32"
      ? { dtype, shape, data: new Float32Array(buffer) }
      : { dtype, shape, data: new Uint16Array(buffer) };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private find(name: string): StoredTensor & { readonly dtype: keyof typeof bytesPerElement } {
    const stored = this.tensors.get(name);
    if (stored === undefined) throw inputError({ file: this.path }, `no tensor ${quote(name)}`, "one");
    const { dtype } = stored;
    if (isReadable(dtype)) return { ...stored, dtype };
    const readable = Object.keys(bytesPerElement).join(", ");
    throw inputError({ file: this.path }, `tensor ${quote(name)} of dtype ${quote(dtype)}`, `one of ${readable}`);
  }

  /**
   * Fills `target` completely from the file. The format is little-endian, and so is every machine with both a Node binary and an
   * engine supported here.
   *
   * @param begin first byte, counted from the end of the header
   */
  private fill(target: Uint8Array, begin: number): Promise<void> {
    return fill(this.file, target, this.dataStart + begin, this.path);
  }
}

async function openToRead(path: string, expected: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missingError(path, "file", `expected ${expected}`, error);
  }
}

async function readHeader(file: FileHandle, path: string) {
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
  const dataStart = length.length + bytes.length;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { json, dataStart, dataSize: size - dataStart };
  } catch (error) {
    throw inputError({ file: path }, "a header that is not UTF-8", "a safetensors header in JSON", error);
  }
}

async function fill(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(chunkSize, target.length - done);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) {
      throw inputError(
        { file: path },
        `an end at byte ${position + done}`,
        `at least ${position + target.length} bytes`,
      );
    }
    done += bytesRead;
  }
}

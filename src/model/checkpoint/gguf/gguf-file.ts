import { open, type FileHandle } from "node:fs/promises";
import { inputError, missingError, quote } from "../../../base/errors.js";
import { isMissing } from "../../../base/files.js";
import { blockBytes, blockSize } from "../../../graph/index.js";
import { sizeOf, tensor, type Shape, type Tensor } from "../../../graph/tensor.js";
import type { QuantizedRows } from "../../parameters/quantization/quantize.js";
import type { StoredElements, TensorInfo, TensorSource } from "../tensor-source.js";
import { blockFormats, type BlockFormat } from "./block-formats.js";
import { readHeader, type StoredTensor } from "./header.js";
import type { Metadata } from "./metadata.js";

/** Numbers read at a time, so that peak memory is the tensor without all of its blocks. A multiple of every block. */
const partNumbers = 1 << 19;

type FormatName = keyof typeof blockFormats;

interface PlacedTensor extends TensorInfo {
  readonly dtype: FormatName;
  /** First byte in the file. */
  readonly begin: number;
}

/** An open GGUF file, with its header read and checked. Tensors are dequantised to float32 one at a time. */
export class GgufFile implements TensorSource {
  private constructor(
    readonly path: string,
    readonly metadata: Metadata,
    readonly tensors: ReadonlyMap<string, PlacedTensor>,
    private readonly file: FileHandle,
  ) {}

  /**
   * Opens a file and reads its header.
   *
   * @throws InputError if the file is missing, truncated or rejected by {@link readHeader}, or if a tensor has an unknown number
   *   format or an invalid location
   */
  static async open(path: string): Promise<GgufFile> {
    const file = await openToRead(path);
    try {
      const { size } = await file.stat();
      const { metadata, tensors, dataStart } = await readHeader(file, size, path);
      return new GgufFile(path, metadata, placeTensors(tensors, dataStart, size, path), file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(name: string): Promise<Tensor<"float32">> {
    const stored = this.find(name);
    const format = blockFormats[stored.dtype];
    const numbers = new Float32Array(sizeOf(stored.shape));
    for (let start = 0; start < numbers.length; start += partNumbers) {
      const part = numbers.subarray(start, start + partNumbers);
      const blocks = new Uint8Array(bytesOfNumbers(stored.dtype, part.length));
      await this.fill(blocks, stored.begin + bytesOfNumbers(stored.dtype, start));
      format.decode(blocks, part);
    }
    return tensor(stored.shape, numbers);
  }

  async readBlocks(name: string): Promise<QuantizedRows | undefined> {
    const { dtype, shape, begin } = this.find(name);
    const { quantized }: BlockFormat = blockFormats[dtype];
    if (quantized === undefined || shape.length !== 2) return undefined;
    const [rows, columns] = shape as [number, number];
    const { bits } = quantized;
    const count = (rows * columns) / blockSize;
    const found = {
      bits,
      rows,
      columns,
      blocks: new Uint8Array(count * blockBytes(bits)),
      scales: new Float32Array(count),
    };
    for (let start = 0; start < count; start += partNumbers / blockSize) {
      const end = Math.min(count, start + partNumbers / blockSize);
      const bytes = new Uint8Array(bytesOfNumbers(dtype, (end - start) * blockSize));
      await this.fill(bytes, begin + bytesOfNumbers(dtype, start * blockSize));
      quantized.split(
        bytes,
        found.blocks.subarray(start * blockBytes(bits), end * blockBytes(bits)),
        found.scales.subarray(start, end),
      );
    }
    return found;
  }

  async readAsStored(name: string): Promise<StoredElements> {
    const { shape, data } = await this.read(name);
    return { dtype: "F32", shape, data };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private find(name: string): PlacedTensor {
    const stored = this.tensors.get(name);
    if (stored === undefined) throw inputError({ file: this.path }, `no tensor ${quote(name)}`, "one");
    return stored;
  }

  private async fill(target: Uint8Array, begin: number): Promise<void> {
    const { bytesRead } = await this.file.read(target, 0, target.length, begin);
    if (bytesRead === target.length) return;
    throw inputError(
      { file: this.path },
      `an end at byte ${begin + bytesRead}`,
      `at least ${begin + target.length} bytes`,
    );
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missingError(path, "file", "expected a model in GGUF format", error);
  }
}

/** Bytes of a count of numbers, which fill whole blocks. */
function bytesOfNumbers(format: FormatName, numbers: number): number {
  const { numbers: perBlock, bytes } = blockFormats[format];
  return (numbers / perBlock) * bytes;
}

/** Checks that every tensor has a known format and its own location inside the file. */
function placeTensors(
  tensors: readonly StoredTensor[],
  dataStart: number,
  size: number,
  path: string,
): Map<string, PlacedTensor> {
  const placed = new Map<string, PlacedTensor>();
  let end = dataStart;
  for (const { name, type, shape, offset } of tensors.toSorted((a, b) => (a.offset < b.offset ? -1 : 1))) {
    const refuse = (found: string, expected: string) =>
      inputError({ file: path }, `the tensor ${quote(name)} ${found}`, expected);
    if (!isKnown(type)) throw refuse(`in ${type}`, `one of ${Object.keys(blockFormats).join(", ")}`);
    if (placed.has(name)) throw refuse("twice", "one of each name");
    checkRows(shape, blockFormats[type].numbers, (expected) => refuse(`of shape [${shape}] in ${type}`, expected));
    const begin = dataStart + Number(offset);
    const bytes = bytesOfNumbers(type, sizeOf(shape));
    if (begin < end) throw refuse(`at byte ${begin}`, `byte ${end} at least: two tensors would share their place`);
    end = begin + bytes;
    if (end > size)
      throw refuse(
        `at bytes ${begin} to ${end}`,
        `an end within the file's ${size} bytes: it is cut short, or the place is wrong`,
      );
    placed.set(name, { dtype: type, shape, begin });
  }
  // In the order of the header.
  return new Map(tensors.map(({ name }) => [name, placed.get(name)!]));
}

function checkRows(shape: Shape, perBlock: number, refuse: (expected: string) => Error): void {
  const row = shape.at(-1) ?? 0;
  if (shape.some((length) => length === 0) || row === 0) throw refuse("dimensions above 0");
  if (row % perBlock !== 0) throw refuse(`rows of a multiple of ${perBlock} numbers`);
  if (!Number.isSafeInteger(sizeOf(shape))) throw refuse("a size that memory could hold");
}

function isKnown(type: string): type is FormatName {
  return Object.hasOwn(blockFormats, type);
}

import { gguf, GGUFValueType, GGMLQuantizationType, type GGUFTypedMetadata } from "@huggingface/gguf";
import type { FileHandle } from "node:fs/promises";
import { errorAt, InputError, inputError, quote } from "../../../base/errors.js";
import { Metadata, type MetadataValue } from "./metadata.js";

/** What the head of a GGUF file says. */
export interface GgufHeader {
  readonly metadata: Metadata;
  /** In the order of the file. */
  readonly tensors: readonly StoredTensor[];
  /** First byte of the tensors' data. */
  readonly dataStart: number;
}

/** What a header says of one tensor, unchecked. */
export interface StoredTensor {
  readonly name: string;
  /** Number format by ggml's name, or `type <number>` where it has none. */
  readonly type: string;
  /** Outermost dimension first, as everywhere but in the file. */
  readonly shape: readonly number[];
  /** First byte, counted from `dataStart`. */
  readonly offset: bigint;
}

/** Larger than the header of any model that is known; vocabularies of 260,000 tokens take some 15 MB. */
const maxHeaderBytes = 32 * 2 ** 20;

const magic = Buffer.from("GGUF");

/**
 * Reads metadata and tensor table by Hugging Face's parser.
 *
 * The parser is given the file's bytes through its `fetch`, not its path: where it reads a local file by itself, it takes
 * zeros for what is missing at the end, and has no bound but 50 MB. It cuts a text that goes beyond what it has read so
 * far without a word, so that what it found is measured: as many bytes must come out as there are.
 *
 * @param size of the file, in bytes
 * @throws InputError where the file is no GGUF of version 2 or 3 in little-endian order, is cut short, or has a header
 *   that is not its own
 */
export async function readHeader(file: FileHandle, size: number, path: string): Promise<GgufHeader> {
  await checkBeginning(file, path);
  const parsed = await parse(file, size, path);
  const { typedMetadata, tensorInfos, tensorInfoByteRange: [tableStart, tableEnd] } = parsed;
  if (tableEnd > size) throw cutShort(path, size, tableEnd);
  checkLength(typedMetadata, tableStart, path);
  const values = new Map<string, MetadataValue>();
  for (const [key, { value }] of Object.entries(typedMetadata)) values.set(key, value as MetadataValue);
  return {
    metadata: new Metadata(values, path),
    tensors: tensorInfos.map(({ name, dtype, shape, offset }) => ({
      name,
      type: GGMLQuantizationType[dtype] ?? `type ${dtype}`,
      shape: shape.map(Number).reverse(),
      offset,
    })),
    dataStart: Number(parsed.tensorDataOffset),
  };
}

async function checkBeginning(file: FileHandle, path: string): Promise<void> {
  const head = Buffer.alloc(8);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (bytesRead < head.length || !head.subarray(0, 4).equals(magic)) {
    throw inputError({ file: path }, `a beginning of ${quote(head.subarray(0, Math.min(4, bytesRead)).toString("latin1"))}`, '"GGUF" and a version');
  }
  const version = head.readUInt32LE(4);
  if (version === 2 || version === 3) return;
  const isBigEndian = [2, 3].includes(head.readUInt32BE(4));
  throw inputError({ file: path }, isBigEndian ? "a big-endian GGUF" : `GGUF version ${version}`, "version 2 or 3, little-endian");
}

async function parse(file: FileHandle, size: number, path: string) {
  try {
    // No address that exists: the parser wants one, and everything comes from `fetch`.
    return await gguf("http://file.invalid/", { fetch: partsOf(file, size, path), typedMetadata: true });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw inputError({ file: path }, `a header that cannot be read (${(error as Error).message})`, "a GGUF file that is whole", error);
  }
}

/** Answers requests for a range of bytes out of the file. */
function partsOf(file: FileHandle, size: number, path: string): typeof fetch {
  return async (_, init) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec((init?.headers as Record<string, string>)["Range"] ?? "")!;
    const [begin, end] = [Number(range[1]), Number(range[2]) + 1];
    if (begin >= size) throw cutShort(path, size, end);
    if (begin >= maxHeaderBytes) throw errorAt({ file: path }, `its header is larger than ${maxHeaderBytes} bytes, which no known model needs`);
    const bytes = new Uint8Array(end - begin);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, begin);
    return new Response(bytes.subarray(0, bytesRead), { status: 206 });
  };
}

function cutShort(path: string, size: number, needed: number): InputError {
  return inputError({ file: path }, `an end at byte ${size}, within the header`, `at least ${needed} bytes: the file is cut short`);
}

/** The byte at which the metadata begin: after magic, version and the two counts. */
const metadataStart = 24;

const fixedSizes: Readonly<Partial<Record<GGUFValueType, number>>> = {
  [GGUFValueType.UINT8]: 1,
  [GGUFValueType.INT8]: 1,
  [GGUFValueType.UINT16]: 2,
  [GGUFValueType.INT16]: 2,
  [GGUFValueType.UINT32]: 4,
  [GGUFValueType.INT32]: 4,
  [GGUFValueType.FLOAT32]: 4,
  [GGUFValueType.BOOL]: 1,
  [GGUFValueType.UINT64]: 8,
  [GGUFValueType.INT64]: 8,
  [GGUFValueType.FLOAT64]: 8,
};

interface TypedValue {
  readonly type: GGUFValueType;
  readonly value: unknown;
  /** Of a list: the type of its items. */
  readonly subType?: GGUFValueType;
}

/** Sees that the metadata are as long as their place in the file, so that none was cut, lost or read as other text. */
function checkLength(metadata: GGUFTypedMetadata, end: number, path: string): void {
  let length = metadataStart;
  for (const [key, { type, subType, value }] of Object.entries<TypedValue>(metadata)) {
    // What the parser adds of its own accord.
    if (["version", "tensor_count", "kv_count"].includes(key)) continue;
    const items = type === GGUFValueType.ARRAY ? (value as readonly unknown[]) : [value];
    const itemType = type === GGUFValueType.ARRAY ? subType : type;
    if (itemType === GGUFValueType.ARRAY) throw inputError({ file: path }, `lists within the list ${quote(key)}`, "metadata without nested lists");
    length += stringSize(key) + 4 + (type === GGUFValueType.ARRAY ? 12 : 0);
    const fixed = itemType === undefined ? 0 : fixedSizes[itemType];
    length += fixed === undefined ? items.reduce((sum: number, item) => sum + stringSize(item as string), 0) : items.length * fixed;
  }
  if (length === end) return;
  throw inputError({ file: path }, `metadata of ${length} bytes once read`, `${end}, as in the file: a key stands twice, or a text is not UTF-8`);
}

function stringSize(text: string): number {
  return 8 + Buffer.byteLength(text);
}

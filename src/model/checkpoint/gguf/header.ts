import type { FileHandle } from "node:fs/promises";
import { inputError, quote } from "../../../base/errors.js";
import { HeaderReader } from "./header-reader.js";
import { kinds, Metadata, type MetadataValue } from "./metadata.js";
import { tensorTypeName } from "./tensor-types.js";

/** The header of a GGUF file. */
export interface GgufHeader {
  readonly metadata: Metadata;
  /** In the order of the file. */
  readonly tensors: readonly StoredTensor[];
  /** First byte of the tensors' data. */
  readonly dataStart: number;
}

/** A header's entry for one tensor, unchecked. */
export interface StoredTensor {
  readonly name: string;
  /** Number format by ggml's name. */
  readonly type: string;
  /** Outermost dimension first, as everywhere except in the file. */
  readonly shape: readonly number[];
  /** First byte, counted from `dataStart`. */
  readonly offset: bigint;
}

const magic = "GGUF";
const maxDimensions = 4;

/**
 * Reads metadata and tensor table in the layout of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 *
 * @param size of the file, in bytes
 * @throws InputError if the file is not GGUF version 2 or 3 in little-endian order, is truncated, or has an invalid header
 */
export async function readHeader(file: FileHandle, size: number, path: string): Promise<GgufHeader> {
  await checkBeginning(file, path);
  const reader = new HeaderReader(file, size, path);
  reader.u32();
  reader.u32();
  const tensorCount = reader.count("tensors", 24);
  const values = new Map<string, MetadataValue>();
  for (let left = reader.count("metadata", 13); left > 0; left--) {
    const key = reader.text();
    if (values.has(key)) throw inputError({ file: path }, `${quote(key)} twice`, "each key once");
    values.set(key, reader.value(key));
  }
  const tensors = Array.from({ length: tensorCount }, () => readTensor(reader, path));
  const metadata = new Metadata(values, path);
  const alignment = metadata.find("general.alignment", kinds.size) ?? 32;
  return { metadata, tensors, dataStart: Math.ceil(reader.position / alignment) * alignment };
}

async function checkBeginning(file: FileHandle, path: string): Promise<void> {
  const head = Buffer.alloc(8);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const beginning = head.toString("latin1", 0, Math.min(magic.length, bytesRead));
  if (bytesRead < head.length || beginning !== magic) {
    throw inputError({ file: path }, `a beginning of ${quote(beginning)}`, `${quote(magic)} and a version`);
  }
  const version = head.readUInt32LE(4);
  if (version === 2 || version === 3) return;
  const isBigEndian = [2, 3].includes(head.readUInt32BE(4));
  throw inputError(
    { file: path },
    isBigEndian ? "a big-endian GGUF" : `GGUF version ${version}`,
    "version 2 or 3, little-endian",
  );
}

function readTensor(reader: HeaderReader, path: string): StoredTensor {
  const name = reader.text();
  const rank = reader.u32();
  if (rank > maxDimensions)
    throw inputError({ file: path }, `the tensor ${quote(name)} with ${rank} dimensions`, `${maxDimensions} at most`);
  const shape = Array.from({ length: rank }, () => Number(reader.u64())).reverse();
  return { name, type: tensorTypeName(reader.u32()), shape, offset: reader.u64() };
}

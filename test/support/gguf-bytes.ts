/** Bytes of valid and invalid GGUF files. */

export type GgufValue =
  | string
  | boolean
  | { readonly u32: number }
  | { readonly f32: number }
  | readonly string[]
  | { readonly raw: Buffer };

export interface GgufTensor {
  readonly name: string;
  /** Innermost dimension first, as in the file. */
  readonly dimensions: readonly number[];
  /** ggml's number of the type; 0 is float32. */
  readonly type?: number;
  /** Offset of the tensor's data. Default: after the previous tensor's. */
  readonly offset?: number;
  readonly data: Buffer;
}

/** A file of version 3, little-endian, with these metadata and tensors. */
export function ggufBytes(metadata: readonly (readonly [string, GgufValue])[], tensors: readonly GgufTensor[]): Buffer {
  const table: Buffer[] = [];
  const data: Buffer[] = [];
  let end = 0;
  for (const { name, dimensions, type = 0, offset = end, data: bytes } of tensors) {
    table.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset));
    const padded = Buffer.alloc(Math.ceil(bytes.length / 32) * 32);
    bytes.copy(padded);
    data.push(padded);
    end += padded.length;
  }
  const head = [
    Buffer.from("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), encode(value)]),
    ...table,
  ];
  const length = head.reduce((sum, { length: bytes }) => sum + bytes, 0);
  return Buffer.concat([...head, Buffer.alloc((32 - (length % 32)) % 32), ...data]);
}

function encode(value: GgufValue): Buffer {
  if (typeof value === "string") return Buffer.concat([u32(8), text(value)]);
  if (typeof value === "boolean") return Buffer.concat([u32(7), Buffer.from([value ? 1 : 0])]);
  if ("u32" in value) return Buffer.concat([u32(4), u32(value.u32)]);
  if ("f32" in value) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value.f32);
    return Buffer.concat([u32(6), bytes]);
  }
  if ("raw" in value) return value.raw;
  return Buffer.concat([u32(9), u32(8), u64(value.length), ...value.map(text)]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { errorAt, inputError, quote } from "../../../base/errors.js";
import type { MetadataValue } from "./metadata.js";

/** Larger than the header of any known model: a vocabulary of 200,000 tokens with its merges takes 13 MB. */
const maxHeaderBytes = 32 * 2 ** 20;

/** Bytes read from the file at a time. */
const windowBytes = 2 ** 20;

/** Fixed-size metadata values by the number of their type: their size in bytes, and how to read them. */
const fixedTypes: Readonly<
  Record<number, { readonly bytes: number; readonly read: (bytes: Buffer) => number | bigint | boolean }>
> = {
  0: { bytes: 1, read: (bytes) => bytes.readUInt8() },
  1: { bytes: 1, read: (bytes) => bytes.readInt8() },
  2: { bytes: 2, read: (bytes) => bytes.readUInt16LE() },
  3: { bytes: 2, read: (bytes) => bytes.readInt16LE() },
  4: { bytes: 4, read: (bytes) => bytes.readUInt32LE() },
  5: { bytes: 4, read: (bytes) => bytes.readInt32LE() },
  6: { bytes: 4, read: (bytes) => bytes.readFloatLE() },
  7: { bytes: 1, read: (bytes) => bytes.readUInt8() !== 0 },
  10: { bytes: 8, read: (bytes) => bytes.readBigUInt64LE() },
  11: { bytes: 8, read: (bytes) => bytes.readBigInt64LE() },
  12: { bytes: 8, read: (bytes) => bytes.readDoubleLE() },
};
const stringType = 8;
const listType = 9;

/** Reads the elements of a GGUF header from its start, and at most {@link maxHeaderBytes} of it. */
export class HeaderReader {
  /** The part of the file that is in memory. */
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;
  private at = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    private readonly path: string,
  ) {}

  /** Offset of the next byte in the file. */
  get position(): number {
    return this.at;
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  /** A count of elements that follow, each at least `leastBytes` long. */
  count(what: string, leastBytes: number): number {
    const count = this.u64();
    const bytes = count * BigInt(leastBytes);
    const room = this.size - this.at;
    if (bytes > room) {
      throw inputError(
        { file: this.path },
        `${count} ${what}`,
        `what ${room} bytes can hold: the file is cut short, or its header is not its own`,
      );
    }
    this.checkBound(this.at + Number(bytes));
    return Number(count);
  }

  text(): string {
    const bytes = this.take(this.count("bytes of a text", 1));
    const text = bytes.toString();
    if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes)) {
      throw inputError({ file: this.path }, `a text that is not UTF-8, ${quote(text)}`, "UTF-8");
    }
    return text;
  }

  /** A metadata value, preceded by its type. */
  value(key: string): MetadataValue {
    const type = this.u32();
    if (type !== listType) return this.valueOf(type, key);
    const itemType = this.u32();
    if (itemType === listType)
      throw inputError({ file: this.path }, `lists within the list ${quote(key)}`, "metadata without nested lists");
    const count = this.count(`entries of ${key}`, fixedTypes[itemType]?.bytes ?? 8);
    return Array.from({ length: count }, () => this.valueOf(itemType, key));
  }

  private valueOf(type: number, key: string): MetadataValue {
    if (type === stringType) return this.text();
    const fixed = fixedTypes[type];
    if (fixed === undefined)
      throw inputError({ file: this.path }, `${key} of type ${type}`, "a type of GGUF's metadata, 0 to 12");
    return fixed.read(this.take(fixed.bytes));
  }

  private checkBound(end: number): void {
    if (end > maxHeaderBytes)
      throw errorAt(
        { file: this.path },
        `its header is larger than ${maxHeaderBytes} bytes, which no known model needs`,
      );
  }

  /** The next bytes, valid until the next call. */
  private take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.size)
      throw inputError(
        { file: this.path },
        `an end at byte ${this.size}, within the header`,
        `at least ${end} bytes: the file is cut short`,
      );
    this.checkBound(end);
    if (end > this.windowStart + this.window.length) {
      this.window = Buffer.alloc(Math.min(Math.max(length, windowBytes), this.size - this.at));
      this.windowStart = this.at;
      const read = readSync(this.file.fd, this.window, 0, this.window.length, this.at);
      if (read < this.window.length) throw errorAt({ file: this.path }, "it became shorter while it was read");
    }
    const bytes = this.window.subarray(this.at - this.windowStart, end - this.windowStart);
    this.at = end;
    return bytes;
  }
}

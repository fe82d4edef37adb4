import type { Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder, naming } from "../../base/files.js";
import { sealOf, type Seal } from "./manifest.js";

/**
 * A file that rows are appended to. Its content counts once it has been flushed and its {@link seal} is in the
 * manifest.
 */
export class GrowingFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly hash: Hash,
    private bytes: number,
  ) {}

  /**
   * Opens a file for appending; creates it if missing.
   *
   * @param kept bytes that count; the rest of the file is truncated
   */
  static async open(path: string, kept: number): Promise<GrowingFile> {
    await makeFolder(dirname(path));
    const handle = await open(path, "a");
    await handle.truncate(kept);
    const { hash, bytes } = await sealOf(path, kept);
    return new GrowingFile(path, handle, hash, bytes);
  }

  /** Appends a row of JSON. */
  async append(row: unknown): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(row)}\n`);
    await naming(this.path, () => this.handle.appendFile(line));
    this.hash.update(line);
    this.bytes += line.length;
  }

  /** Flushes the file and returns its seal. */
  async seal(): Promise<Seal> {
    await naming(this.path, () => this.handle.sync());
    return { bytes: this.bytes, sha256: this.hash.copy().digest("hex") };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

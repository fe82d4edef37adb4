import { createHash, randomUUID, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { makeFolder, naming } from "../base/files.js";
import type { RemoteFile } from "./listing.js";

const day = 24 * 60 * 60 * 1000;

/**
 * A partially downloaded file. It lies beside its future blob and belongs to one download, named by
 * `<blob>.<process>@<machine>.<random>.part`. A part that is left behind (`<blob>.part`, or that of a process that no
 * longer runs) is taken over by the next download, which renames it; only one can succeed.
 */
export class Part {
  private constructor(
    private readonly path: string,
    private readonly blob: string,
    private readonly file: RemoteFile,
    private readonly handle: FileHandle,
    private hash: Hash,
    /** Number of bytes downloaded. */
    public position: number,
  ) {}

  /** Starts a part, or takes over an abandoned one and reads its bytes for the digest. */
  static async claim(blob: string, file: RemoteFile): Promise<Part> {
    await makeFolder(dirname(blob));
    const path = `${blob}.${process.pid}@${hostname()}.${randomUUID().slice(0, 8)}.part`;
    for (const left of await leftParts(blob)) {
      const isOurs = await rename(left, path).then(
        () => true,
        () => false,
      );
      if (isOurs) break;
    }
    const handle = await open(path, "a+");
    try {
      const part = new Part(path, blob, file, handle, digestOf(file), 0);
      const { size } = await handle.stat();
      if (size > file.size) await part.empty();
      else if (size > 0) for await (const bytes of createReadStream(path)) part.count(bytes as Buffer);
      return part;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws the system's error, such as a full disk; the bytes written before remain */
  async append(bytes: Uint8Array): Promise<void> {
    await naming(this.path, () => this.handle.appendFile(bytes));
    this.count(bytes);
  }

  private count(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.position += bytes.length;
  }

  /** Discards all bytes. */
  async empty(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = digestOf(this.file);
    this.position = 0;
  }

  /** The digest of the bytes so far. */
  digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Turns the part into the blob. */
  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.path, this.blob);
  }

  /** Releases the part for the next download. */
  async release(): Promise<void> {
    await this.handle.close();
    if (this.position > 0) await rename(this.path, `${this.blob}.part`).catch(() => {});
    else await rm(this.path, { force: true });
  }
}

/** Parts of a blob that no running download owns. */
async function leftParts(blob: string): Promise<string[]> {
  const names = (await readdir(dirname(blob))).filter(
    (name) => name.startsWith(`${basename(blob)}.`) && name.endsWith(".part"),
  );
  const left: string[] = [];
  for (const name of names) {
    const path = join(dirname(blob), name);
    const owner = /\.(\d+)@(.+)\.[^.]+\.part$/.exec(name);
    const isLeft = !owner || (owner[2] === hostname() && !isRunning(Number(owner[1]))) || (await isOld(path));
    if (isLeft) left.push(path);
  }
  return left;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether nothing has been written for a day: the process, perhaps on another machine, is gone. */
async function isOld(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > day;
}

/** Computes the kind of digest that a listing has: SHA-256 for large files, git's SHA-1 for others. */
function digestOf({ digest, size }: RemoteFile): Hash {
  return digest.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

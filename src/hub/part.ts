import { createHash, randomUUID, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { naming } from "../base/files.js";
import type { RemoteFile } from "./listing.js";

const day = 24 * 60 * 60 * 1000;

/**
 * The beginning of a file that is being downloaded. It lies beside the blob that it is to become and belongs to one
 * download, which its name tells (`<blob>.<process>@<machine>.<random>.part`); what a download leaves (`<blob>.part`,
 * or one of a process that is gone) the next one takes over by renaming it, which only one can.
 */
export class Part {
  private constructor(
    private readonly path: string,
    private readonly blob: string,
    private readonly file: RemoteFile,
    private readonly handle: FileHandle,
    private hash: Hash,
    /** Bytes that are here. */
    public position: number,
  ) {}

  /** Begins a part, or takes over one that was left; what it holds is read for its digest. */
  static async claim(blob: string, file: RemoteFile): Promise<Part> {
    await mkdir(dirname(blob), { recursive: true });
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

  /** @throws the system's error of a full disk, say; what was here stays */
  async append(bytes: Uint8Array): Promise<void> {
    await naming(this.path, () => this.handle.appendFile(bytes));
    this.count(bytes);
  }

  private count(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.position += bytes.length;
  }

  /** Throws away what is here. */
  async empty(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = digestOf(this.file);
    this.position = 0;
  }

  /** The digest of what is here. */
  digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Makes the blob of it. */
  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.path, this.blob);
  }

  /** Gives up: what is here is left to the next download. */
  async release(): Promise<void> {
    await this.handle.close();
    if (this.position > 0) await rename(this.path, `${this.blob}.part`).catch(() => {});
    else await rm(this.path, { force: true });
  }
}

/** Parts of a blob that no download writes to. */
async function leftParts(blob: string): Promise<string[]> {
  const names = (await readdir(dirname(blob))).filter((name) => name.startsWith(`${basename(blob)}.`) && name.endsWith(".part"));
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

/** Whether nothing has been written for a day: its process, on another machine as it seems, is gone. */
async function isOld(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > day;
}

/** Counts the digest that a listing gives: SHA-256 of large files, and git's own SHA-1 of the others. */
function digestOf({ digest, size }: RemoteFile): Hash {
  return digest.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

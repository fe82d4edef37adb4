import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { cp, copyFile, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, makeFolder, writeFileAtomic } from "../base/files.js";
import { chunksOf } from "../base/lines.js";
import type { Policy } from "../model/policy/policy.js";
import { sealOf } from "./folder/manifest.js";

/** Number of hexadecimal digits of a digest in a folder's name. */
const digits = 24;

/** Storage that this machine and the cluster share. Everything in it is named by its content and shared by all runs. */
export class SharedStorage {
  private readonly uploads = new Map<string, Promise<string>>();

  constructor(readonly folder: string) {}

  /** Returns the path of a file or folder on this machine. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Uploads a model's folder unless it is already there; returns its name there. */
  upload(folder: string): Promise<string> {
    const known = this.uploads.get(folder) ?? this.copyIn(folder);
    this.uploads.set(folder, known);
    known.catch(() => this.uploads.delete(folder));
    return known;
  }

  /**
   * Creates the folder of a stage, with the files of its request.
   *
   * @param files lines of each file by name, iterated twice; `request.json` comes last
   * @returns the name of the folder
   */
  async stage(kind: string, files: Readonly<Record<string, Iterable<string>>>): Promise<string> {
    const hash = createHash("sha256").update(kind);
    for (const [name, lines] of Object.entries(files)) {
      hash.update(`\n${name}\n`);
      for (const line of lines) hash.update(`${line}\n`);
    }
    const name = `${kind}-${hash.digest("hex").slice(0, digits)}`;
    for (const [file, lines] of Object.entries(files)) {
      const path = this.path(`${name}/${file}`);
      if (!(await isThere(path))) await writeFileAtomic(path, chunksOf(lines));
    }
    return name;
  }

  /** Uploads an adapter's base model, merged and in float32, unless it is already there; returns its name there. */
  async keepBase(base: Policy): Promise<string> {
    const name = `models/base-${createHash("sha256")
      .update(JSON.stringify(await base.fingerprint()))
      .digest("hex")
      .slice(0, digits)}`;
    if (!(await isThere(this.path(name)))) await base.save(this.path(name));
    return name;
  }

  private async copyIn(folder: string): Promise<string> {
    const hash = createHash("sha256");
    for (const file of (await readdir(folder)).sort())
      hash.update(JSON.stringify([file, (await sealOf(join(folder, file))).sha256]));
    const name = `models/${hash.digest("hex").slice(0, digits)}`;
    if (await isThere(this.path(name))) return name;
    await makeFolder(this.path("models"));
    // Another run may upload the same model meanwhile: each copies under a unique name, and the first to finish wins.
    const partial = this.path(`${name}.${randomUUID()}.partial`);
    try {
      // A reflink is free on file systems that support it.
      await cp(folder, partial, { recursive: true, mode: constants.COPYFILE_FICLONE });
      await rename(partial, this.path(name));
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      if (!(await isThere(this.path(name)))) throw error;
    }
    return name;
  }
}

/** Copies files from one folder into another, as {@link SharedStorage} copies models. */
export async function copyFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  await makeFolder(to);
  for (const name of names) await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** Reads a text file that another process appends to: each call returns the complete lines since the last call. */
export class GrowingLines {
  private position = 0;

  constructor(private readonly path: string) {}

  async next(): Promise<string[]> {
    let bytes: Buffer;
    try {
      const file = await open(this.path, "r");
      try {
        const { size } = await file.stat();
        bytes = Buffer.alloc(Math.max(0, size - this.position));
        await file.read(bytes, 0, bytes.length, this.position);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const end = bytes.lastIndexOf(10) + 1;
    this.position += end;
    return bytes.toString("utf8", 0, end).split("\n").slice(0, -1);
  }
}

import { getRepoFolderName } from "@huggingface/hub";
import { randomUUID } from "node:crypto";
import { copyFile, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { makeFolder, writeFileAtomic, writeJson } from "../base/files.js";
import { parseForeignJson } from "../base/json.js";
import { listingSchema, type Listing, type RemoteFile } from "./listing.js";
import type { RepositoryName } from "./repository-name.js";

/**
 * A repository's folder in the cache, in the layout of Python's `huggingface_hub`, with which it is shared: file contents
 * by digest in `blobs`, the commits of branches and tags in `refs`, and links from file names to contents in
 * `snapshots/<commit>`. `listings` is used only by this library: the files of a commit, downloaded or not.
 */
export class RepositoryCache {
  readonly folder: string;

  constructor(cache: string, { type, name }: RepositoryName) {
    this.folder = join(cache, getRepoFolderName({ type, name }));
  }

  /** The commit of a branch or tag when the hub was last asked. */
  async readRef(revision: string): Promise<string | undefined> {
    return (await readIfThere(join(this.folder, "refs", revision)))?.trim();
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if ((await this.readRef(revision)) !== commit) await writeFileAtomic(join(this.folder, "refs", revision), commit);
  }

  /** The files of a commit, if the hub was asked for them; a listing that is damaged or in another version's format is ignored. */
  async readListing(commit: string): Promise<Listing | undefined> {
    const text = await readIfThere(this.listingFile(commit));
    if (text === undefined) return undefined;
    try {
      return listingSchema.parse(parseForeignJson(text));
    } catch {
      return undefined;
    }
  }

  writeListing(commit: string, listing: Listing): Promise<void> {
    return writeJson(this.listingFile(commit), listing);
  }

  private listingFile(commit: string): string {
    return join(this.folder, "listings", `${commit}.json`);
  }

  /** The folder with the files of a commit. */
  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Repository paths of the files of a commit that are in the cache; empty if the commit is not cached. */
  async filesHere(commit: string): Promise<string[]> {
    const names = await readdir(this.snapshot(commit), { recursive: true }).catch(() => []);
    const isFile = await Promise.all(names.map((name) => this.has(commit, name)));
    return names.filter((_, i) => isFile[i]).map((name) => name.replaceAll(sep, "/"));
  }

  /** Whether a file of a commit is in the cache, with the given size. */
  async has(commit: string, path: string, size?: number): Promise<boolean> {
    const found = await sizeOf(join(this.snapshot(commit), path));
    return found !== undefined && (size === undefined || found === size);
  }

  blob({ digest }: RemoteFile): string {
    return join(this.folder, "blobs", digest);
  }

  /** Whether the content of a file is in the cache, under any name. */
  async hasBlob(file: RemoteFile): Promise<boolean> {
    return (await sizeOf(this.blob(file))) === file.size;
  }

  /** Links the content of a file into the snapshot of a commit. */
  async link(commit: string, file: RemoteFile): Promise<void> {
    const path = join(this.snapshot(commit), file.path);
    const neighbour = `${path}.${randomUUID()}.tmp`;
    await makeFolder(dirname(path));
    try {
      // On Windows not every user may create links; Python copies the file then, too.
      await symlink(relative(dirname(path), this.blob(file)), neighbour).catch(() =>
        copyFile(this.blob(file), neighbour),
      );
      await rename(neighbour, path);
    } catch (error) {
      await rm(neighbour, { force: true });
      throw error;
    }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}

/** Size of a file in bytes, following links. */
async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats.size : undefined;
}

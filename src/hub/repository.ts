import { join } from "node:path";
import { inputError, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { RepositoryCache } from "./cache.js";
import { HubConnection } from "./connection.js";
import { downloadFile } from "./download.js";
import { askCommit, askFiles, isCommit, type Listing, type RemoteFile } from "./listing.js";
import { describeRepository, type RepositoryName } from "./repository-name.js";
import { hubSettings } from "./settings.js";

/** A repository at one commit: what it holds, and its files in the cache. */
export interface Repository {
  readonly name: RepositoryName;
  readonly commit: string;
  /** Paths of all its files, with slashes; offline, of those in the cache where this library never asked the hub. */
  readonly paths: readonly string[];
  /** The head of its README as the hub parses it; undefined where it is not known. */
  readonly card: unknown;
  /** The folder that holds, after {@link download}, its files under their paths. */
  readonly folder: string;
  /**
   * Brings files to the cache, each when it is asked for; those that are there already are only looked at.
   *
   * @param paths some of `this.paths`
   * @param work `onProgress` is told bytes: how many of all these files are here, and how many they have; not where
   *   all are here
   * @returns where they are, in the same order
   * @throws InputError where the hub refuses, cannot be reached or gives something else than it lists, where the disk
   *   is full, or where they are not in the cache and the hub may not be asked; the signal's reason. What has come
   *   stays, and the next download goes on there
   */
  download(paths: readonly string[], work?: TaskOptions): AsyncGenerator<string>;
}

/**
 * Asks the hub what a repository holds, by the settings of the environment ({@link hubSettings}); with
 * `HF_HUB_OFFLINE=1`, or for a commit that was asked about before, the cache.
 *
 * @param signal stops the asking
 * @throws InputError where the repository or its revision is not there, may not be read or is not in the cache; the
 *   message says what to do
 */
export async function openRepository(name: RepositoryName, signal?: AbortSignal): Promise<Repository> {
  const settings = await hubSettings();
  const cache = new RepositoryCache(settings.cache, name);
  if (settings.offline) return openCached(name, cache);
  const connection = new HubConnection(settings, name, signal);
  const { commit, listing } = await list(connection, cache);
  const files = new Map(listing.files.map((file) => [file.path, file]));
  return {
    name,
    commit,
    paths: [...files.keys()],
    card: listing.card,
    folder: cache.snapshot(commit),
    download: (paths, work = {}) =>
      downloadAll(new HubConnection(settings, name, work.signal), cache, commit, paths.map((path) => files.get(path)!), work),
  };
}

/** What the hub has at the revision; a commit never changes, and is asked about once. */
async function list(connection: HubConnection, cache: RepositoryCache): Promise<{ commit: string; listing: Listing }> {
  const { revision } = connection.repository;
  const known = isCommit(revision) ? await cache.readListing(revision) : undefined;
  if (known) return { commit: revision, listing: known };
  const { commit, card } = await askCommit(connection);
  let listing = await cache.readListing(commit);
  if (!listing) {
    listing = { files: await askFiles(connection, commit), card };
    await cache.writeListing(commit, listing);
  }
  // Only now can the branch be read without the hub.
  if (revision !== commit) await cache.writeRef(revision, commit);
  return { commit, listing };
}

async function* downloadAll(
  connection: HubConnection,
  cache: RepositoryCache,
  commit: string,
  files: readonly RemoteFile[],
  { onProgress }: TaskOptions,
): AsyncGenerator<string> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const here = new Set<RemoteFile>();
  for (const file of files) {
    if (!(await cache.has(commit, file.path, file.size))) continue;
    here.add(file);
    done += file.size;
  }
  for (const file of files) {
    if (!here.has(file)) {
      if (!(await cache.hasBlob(file))) {
        await downloadFile(connection, commit, file, cache.blob(file), (bytes) => onProgress?.(done + bytes, total));
      }
      await cache.link(commit, file);
      done += file.size;
    }
    yield join(cache.snapshot(commit), file.path);
  }
}

/** The repository as the cache has it. */
async function openCached(name: RepositoryName, cache: RepositoryCache): Promise<Repository> {
  const place = { file: describeRepository(name) };
  const remedy = "what was downloaded before; run it once without HF_HUB_OFFLINE";
  const commit = isCommit(name.revision) ? name.revision : await cache.readRef(name.revision);
  const here = new Set(commit === undefined ? [] : await cache.filesHere(commit));
  const listing = commit === undefined ? undefined : await cache.readListing(commit);
  if (commit === undefined || (here.size === 0 && !listing)) {
    throw inputError(place, `HF_HUB_OFFLINE=1 and no revision ${quote(name.revision)} in ${cache.folder}`, remedy);
  }
  return {
    name,
    commit,
    paths: listing?.files.map(({ path }) => path) ?? [...here].sort(),
    card: listing?.card,
    folder: cache.snapshot(commit),
    async *download(paths) {
      const missing = paths.filter((path) => !here.has(path));
      if (missing.length > 0) {
        const names = `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`;
        throw inputError(place, `HF_HUB_OFFLINE=1 and no ${names} in ${cache.snapshot(commit)}`, remedy);
      }
      yield* paths.map((path) => join(cache.snapshot(commit), path));
    },
  };
}

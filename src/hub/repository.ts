import { join } from "node:path";
import { errorAt, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { RepositoryCache } from "./cache.js";
import { HubConnection } from "./connection.js";
import { downloadFile } from "./download.js";
import { askCommit, askFiles, isCommit, type Listing, type RemoteFile } from "./listing.js";
import { describeRepository, type RepositoryName } from "./repository-name.js";
import { hubSettings } from "./settings.js";

/** A repository at one commit: its file list, and its files in the cache. */
export interface Repository {
  readonly name: RepositoryName;
  readonly commit: string;
  /** Paths of all its files, with slashes; offline, only of cached files if the listing is not cached. */
  readonly paths: readonly string[];
  /** The metadata at the head of its README, as parsed by the hub; undefined if unknown. */
  readonly card: unknown;
  /** The folder that holds its files once they are downloaded. */
  readonly folder: string;
  /**
   * Downloads files to the cache, each as the caller asks for it; cached files are not downloaded again.
   *
   * @param paths some of `this.paths`
   * @param work `onProgress` receives bytes over all these files; it is not called if all are cached
   * @returns local paths, in the same order
   * @throws InputError if the hub refuses, cannot be reached or sends something else than it lists, the disk is full, or a
   *   file is not cached while offline; the signal's reason. Partial downloads are kept and resumed
   */
  download(paths: readonly string[], work?: TaskOptions): AsyncGenerator<string>;
}

/**
 * Opens a repository: asks the hub for its files, with the settings of the environment ({@link hubSettings}), or the cache
 * with `HF_HUB_OFFLINE=1` or for a commit that is already known.
 *
 * @param signal cancels the request
 * @throws InputError if the repository or revision does not exist, may not be read or is not cached; the message says what
 *   to do
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
      downloadAll(
        new HubConnection(settings, name, work.signal),
        cache,
        commit,
        paths.map((path) => files.get(path)!),
        work,
      ),
  };
}

/** The listing of the revision; a commit never changes, so the hub is asked for it only once. */
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
  // Written last: from now on the branch can be read offline.
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

/** A repository from the cache, without asking the hub. */
async function openCached(name: RepositoryName, cache: RepositoryCache): Promise<Repository> {
  const place = { file: describeRepository(name) };
  const remedy = "run once without HF_HUB_OFFLINE to download it";
  const commit = isCommit(name.revision) ? name.revision : await cache.readRef(name.revision);
  const here = new Set(commit === undefined ? [] : await cache.filesHere(commit));
  const listing = commit === undefined ? undefined : await cache.readListing(commit);
  if (commit === undefined || (here.size === 0 && !listing)) {
    throw errorAt(
      place,
      `HF_HUB_OFFLINE=1, but revision ${quote(name.revision)} is not in the cache ${cache.folder}; ${remedy}`,
    );
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
        throw errorAt(place, `HF_HUB_OFFLINE=1, but ${names} is not in the cache ${cache.snapshot(commit)}; ${remedy}`);
      }
      yield* paths.map((path) => join(cache.snapshot(commit), path));
    },
  };
}

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, writeFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file atomically: a reader, or a process killed midway, sees either the old content or all of the new. The
 * bytes go to a temporary file in the same folder, which is flushed and then renamed to `path`; the rename is flushed
 * too.
 *
 * @throws the system's error, such as a full disk; `path` is then unchanged
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await makeFolder(dirname(path));
  const neighbour = `${path}.${randomUUID()}${unfinished}`;
  try {
    const file = await open(neighbour, "w");
    try {
      await naming(path, () => writeFile(file, content));
      await naming(path, () => file.sync());
    } finally {
      await file.close();
    }
    await rename(neighbour, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(neighbour, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Suffix of the temporary files of {@link writeFileAtomic}. */
export const unfinished = ".tmp";

/** Whether a name is that of a temporary file, left behind by a killed process. */
export function isUnfinished(name: string): boolean {
  return (
    name.endsWith(unfinished) && /\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(name.slice(0, -unfinished.length))
  );
}

/**
 * Creates a folder and its parents, which other processes may create at the same time.
 *
 * Node's own recursive mkdir reports a missing folder on a read-only file system, and never returns for /proc.
 *
 * @throws the system's error, which names the folder and why it cannot be created
 */
export async function makeFolder(path: string): Promise<void> {
  const error = await problemOfMaking(path);
  if (error === undefined) return;
  const above = dirname(path);
  if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === path) throw error;
  await makeFolder(above);
  const again = await problemOfMaking(path);
  if (again !== undefined) throw again;
}

/** Why a folder cannot be created; undefined if it now exists. */
async function problemOfMaking(path: string): Promise<unknown> {
  try {
    await mkdir(path);
    return undefined;
  } catch (error) {
    return (await isFolder(path)) ? undefined : error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Flushes a folder's entries, without which a renamed file may be lost in a power failure. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and flushes entries by itself.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Runs an operation on an open file; system errors that do not name the file (a full disk) are rethrown with its path. */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error) || "path" in error) throw error;
    throw Object.assign(new Error(`${path}: ${error.message}`, { cause: error }), { code: error.code });
  }
}

/** Writes a value as indented JSON with a final newline, by {@link writeFileAtomic}. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Whether a system error says that a file or a folder on its path does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Reads the text of a file; undefined if it does not exist or is a folder. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof Error && "code" in error && error.code === "EISDIR") return "";
    throw error;
  }
}

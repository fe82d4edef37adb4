import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, writeFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file atomically: a reader, or a process killed midway, sees either the old content or all of the new. The
 * bytes go to a temporary file beside it, which is flushed and then renamed to `path`; the rename is flushed too.
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

/** Whether a name is that of such a file, which a process that was killed has left. */
export function isUnfinished(name: string): boolean {
  return (
    name.endsWith(unfinished) && /\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(name.slice(0, -unfinished.length))
  );
}

/**
 * Makes a folder and those above it, which others may make at the same time.
 *
 * Node's own recursive mkdir says of a read-only file system that the folder is missing, and never comes back from /proc.
 *
 * @throws the system's error, which names the folder and why it cannot be made
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

/** Why a folder cannot be made; undefined if it is there now. */
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

/** Flushes the names in a folder, without which a file that was renamed may be gone after a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder, and flushes names by itself.
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

/** {@link writeFileAtomic} of a value as indented JSON with a final newline. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Whether a system error says that a file or a folder on its path does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Text of a file; undefined if there is none. A folder in its place reads as no text. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof Error && "code" in error && error.code === "EISDIR") return "";
    throw error;
  }
}

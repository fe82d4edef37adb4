import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file atomically: a reader, or a process killed midway, sees either the old content or all of the new. The
 * bytes go to a temporary file beside it, which is flushed and then renamed to `path`.
 *
 * @throws the system's error, such as a full disk; `path` is then unchanged
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const neighbour = `${path}.${randomUUID()}${unfinished}`;
  try {
    const file = await open(neighbour, "w");
    try {
      await naming(path, () => writeFile(file, content));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(neighbour, path);
  } catch (error) {
    await rm(neighbour, { force: true });
    throw error;
  }
}

/** Suffix of the temporary files of {@link writeFileAtomic}. */
export const unfinished = ".tmp";

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

import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file so that a reader, or a run that was killed, sees the whole of it or nothing:
 * the bytes go to a neighbour that is flushed and then renamed over `path`.
 *
 * @throws the system's error (a full disk, say); what stood at `path` is then untouched
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

/** How the names end of files that {@link writeFileAtomic} has not finished. */
export const unfinished = ".tmp";

/** Does something with an open file. The system's errors of that (a full disk's) do not name the file; here they do. */
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

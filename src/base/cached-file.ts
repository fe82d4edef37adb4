import { join } from "node:path";
import { readTextIfPresent, writeJson } from "./files.js";
import { parseForeignJson } from "./json.js";

/** A value from a cache, and the seconds that computing it took, now or when it was cached. */
export interface Cached<T> {
  readonly value: T;
  readonly seconds: number;
}

/**
 * Reads an object from a file of a cache, or computes it and writes the file. Damaged files are recomputed and replaced.
 * A file that cannot be written, as on a full disk, costs nothing but the next computation: the value is returned.
 *
 * @param folder folder of the cache; created if needed
 * @param fingerprint identifies the computation and everything that it depends on; names the file
 * @param isWhole whether the fields read from a file are complete
 * @param onNote told if the file could not be written, and why
 */
export async function cachedInFile<T extends object>(
  folder: string,
  fingerprint: string,
  isWhole: (fields: { readonly [Name in keyof T]?: unknown }) => boolean,
  compute: () => Promise<T>,
  onNote: (text: string) => void = () => {},
): Promise<Cached<T>> {
  const file = join(folder, `${fingerprint}.json`);
  const kept = parsed(await readTextIfPresent(file).catch(() => undefined));
  if (kept?.fingerprint === fingerprint && Number.isFinite(kept.seconds)) {
    const { fingerprint: _, seconds, ...value } = kept;
    if (isWhole(value as Partial<T>)) return { value: value as T, seconds: seconds as number };
  }
  const begin = performance.now();
  const value = await compute();
  const seconds = (performance.now() - begin) / 1000;
  await writeCached(folder, `${fingerprint}.json`, { fingerprint, seconds, ...value }, onNote);
  return { value, seconds };
}

/**
 * Writes a file of a cache, as JSON.
 *
 * @param onNote told if it cannot be written, and why
 */
export async function writeCached(
  folder: string,
  name: string,
  content: object,
  onNote: (text: string) => void,
): Promise<void> {
  await writeJson(join(folder, name), content).catch((error: unknown) =>
    onNote(
      `cannot write to the cache ${folder}, so other runs will compute this again: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    return (parseForeignJson(text) ?? undefined) as Record<string, unknown> | undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

import { readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { inputError, quote } from "./errors.js";
import { isMissing, makeFolder } from "./files.js";

/**
 * Writes a folder completely or not at all: it is assembled as `<folder>.partial` and renamed. An existing folder of
 * the same kind is replaced.
 *
 * @param kind what the folder is, for the error
 * @param owns whether a file of this name belongs to such a folder
 * @param write fills the folder at the given path
 * @throws InputError if `folder` contains files that do not belong to such a folder; whatever `write` throws, leaving
 *   `folder` untouched
 */
export async function writeFolder(
  folder: string,
  kind: string,
  owns: (name: string) => boolean,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const target = resolve(folder);
  const partial = `${target}.partial`;
  const replaced = `${target}.replaced`;
  await refuseForeignFiles(target, kind, owns);
  await makeFolder(dirname(target));
  await rm(partial, { recursive: true, force: true });
  try {
    await write(partial);
    await rm(replaced, { recursive: true, force: true });
    await moveIfThere(target, replaced);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await rm(replaced, { recursive: true, force: true });
}

async function refuseForeignFiles(folder: string, kind: string, owns: (name: string) => boolean): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const foreign = names.find((name) => !owns(name));
  if (foreign !== undefined) {
    throw inputError({ file: folder }, `${quote(foreign)} in the folder`, `a new folder, or ${kind} to replace`);
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { RunFolder } from "../align/run-folder.js";
import { InputError, quote } from "../base/errors.js";
import { writeJson } from "../base/files.js";

/** Every option of a run, as `config.json` keeps it. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** Options that change no result, so that a run may go on with others. */
const free = new Set(["engine", "provider", "threads", "backend", "quiet", "resume", "out"]);

const name = "config.json";

/**
 * Begins a run in a folder, or goes on with the one that is there, and does what comes before its
 * first result. Where that fails, a run that was to begin has not begun, and its folder can be used again.
 *
 * @param prepare reads what the run needs
 * @throws InputError where the folder holds a run and `resume` is false, where it holds none and
 *   `resume` is true, or where the run there has other options
 */
export async function openRun<T>(folder: RunFolder, config: RunConfig, resume: boolean, prepare: () => Promise<T>): Promise<T> {
  const there = await folder.has(name);
  if (there && !resume) throw new InputError(`${folder.path}: found a run, expected a new folder; go on with it by --resume, or choose another --out`);
  if (!there && resume) throw new InputError(`${folder.path}: found no run to resume, expected a folder with config.json`);
  if (there) {
    await checkConfig(folder.file(name), config);
    await folder.sweep();
    return prepare();
  }
  await writeJson(folder.file(name), config);
  try {
    return await prepare();
  } catch (error) {
    await folder.remove(name);
    throw error;
  }
}

async function checkConfig(file: string, config: RunConfig): Promise<void> {
  const known = JSON.parse(await readFile(file, "utf8")) as RunConfig;
  const typed = JSON.parse(JSON.stringify(config)) as RunConfig;
  for (const key of new Set([...Object.keys(known), ...Object.keys(typed)])) {
    if (!free.has(key) && !isDeepStrictEqual(known[key], typed[key])) {
      throw new InputError(`${file}: found ${key} = ${quote(known[key])}, asked to resume with ${quote(typed[key])}`);
    }
  }
}

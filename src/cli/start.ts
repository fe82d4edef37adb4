import { stat } from "node:fs/promises";
import { InputError } from "../base/errors.js";
import { freshModel } from "../data/fresh-model.js";
import { loadCheckpoint, type Checkpoint } from "../model/checkpoint.js";
import { isPreset, preset } from "../model/presets.js";

/** Whether `--model` names a model to be trained from scratch; a folder of that name comes first. */
export async function isFromScratch(model: string): Promise<boolean> {
  return isPreset(model) && !(await isFolder(model));
}

/**
 * The model that `--model` names: a checkpoint folder, or a preset with fresh parameters.
 *
 * @param texts what a preset learns its vocabulary from
 * @throws InputError where it is neither
 */
export async function startingModel(model: string, texts: () => Iterable<string>, seed: number): Promise<Checkpoint> {
  return (await isFolder(model)) ? loadCheckpoint(model) : freshModel(preset(model), texts, seed);
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isDirectory()) throw new InputError(`model: found the file ${path}, expected a checkpoint folder or a preset`);
  return found !== undefined;
}

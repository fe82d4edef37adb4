import { stat } from "node:fs/promises";
import { InputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import type { PreferencePair } from "../data/pair.js";
import { world } from "../data/world/shipped.js";
import { loadCheckpoint, type Checkpoint } from "../model/checkpoint.js";
import { loadTokenizer } from "../model/load-tokenizer.js";
import { initialParameters } from "../model/parameters.js";
import { isPreset, preset } from "../model/presets.js";
import { trainTokenizer } from "../model/train-tokenizer.js";
import type { Tokenizer } from "../model/tokenizer.js";

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
  if (await isFolder(model)) return loadCheckpoint(model);
  const { vocabulary, config: sizes } = preset(model);
  const tokenizer: Tokenizer = vocabulary
    ? trainTokenizer(texts(), { vocabSize: vocabulary })
    : await loadTokenizer(world.tokenizer);
  const config = { ...sizes, vocabSize: tokenizer.vocabSize };
  return { config, parameters: initialParameters(config, Random.seeded(seed).fork("parameters")), tokenizer };
}

/** Every text of the pairs once: prompts, chosen and rejected responses. */
export function* textsOf(pairs: readonly PreferencePair[]): Iterable<string> {
  for (const { prompt, chosen, rejected } of pairs) {
    if (typeof prompt === "string") yield prompt;
    else yield* prompt.map(({ content }) => content);
    yield chosen;
    yield rejected;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isDirectory()) throw new InputError(`model: found the file ${path}, expected a checkpoint folder or a preset`);
  return found !== undefined;
}

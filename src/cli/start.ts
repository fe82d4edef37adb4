import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { InputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import type { PreferencePair } from "../data/pair.js";
import { world } from "../data/world/shipped.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { loadTokenizer } from "../model/load-tokenizer.js";
import { initialParameters } from "../model/parameters.js";
import { Policy } from "../model/policy.js";
import { isPreset, preset } from "../model/presets.js";
import { trainTokenizer } from "../model/train-tokenizer.js";
import type { Tokenizer } from "../model/tokenizer.js";

export interface ModelArguments {
  readonly model: string;
  readonly seed?: number;
}

export function modelOptions(command: Command): Command {
  return command.requiredOption("--model <name>", "a checkpoint folder, org/name on the Hugging Face hub, or a preset to train from scratch: world, tiny, small, base");
}

export async function openStart({ model, seed = 0 }: ModelArguments, texts: () => Iterable<string>, programs: ProgramCache): Promise<Policy> {
  if (await isFolder(model)) return Policy.load(programs, model);
  return Policy.create(programs, await startingModel(model, texts, seed));
}

/** Whether `--model` names a model to be trained from scratch; a folder of that name comes first. */
export async function isFromScratch(model: string): Promise<boolean> {
  return isPreset(model) && !(await isFolder(model));
}

async function startingModel(model: string, texts: () => Iterable<string>, seed: number): Promise<Checkpoint> {
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

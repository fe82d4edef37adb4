import { Random } from "../base/random.js";
import type { Checkpoint } from "../model/checkpoint/checkpoint.js";
import { initialParameters } from "../model/parameters/parameters.js";
import type { Preset } from "../model/presets.js";
import { loadTokenizer } from "../model/tokenizer/load-tokenizer.js";
import { trainTokenizer } from "../model/tokenizer/train-tokenizer.js";
import { world } from "./world/shipped.js";

/**
 * A preset's model with fresh parameters, to be trained from scratch.
 *
 * @param texts what it learns its vocabulary from; not asked for by a preset that has one
 * @param seed of the parameters
 */
export async function freshModel({ vocabulary, config: sizes }: Preset, texts: () => Iterable<string>, seed: number): Promise<Checkpoint> {
  const tokenizer = vocabulary ? trainTokenizer(texts(), { vocabSize: vocabulary }) : await loadTokenizer(world.tokenizer);
  const config = { ...sizes, vocabSize: tokenizer.vocabSize };
  return { config, parameters: initialParameters(config, Random.seeded(seed).fork("parameters")), tokenizer };
}

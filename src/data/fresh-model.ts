import { Random } from "../base/random.js";
import type { Checkpoint } from "../model/checkpoint/checkpoint.js";
import { initialParameters } from "../model/parameters/parameters.js";
import type { Preset } from "../model/presets.js";
import { tokenizerFromFiles } from "../model/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import { trainTokenizer } from "../model/tokenizer/train-tokenizer.js";
import { tokenizerFiles } from "./world/tokenizer.js";
import { parsePrompt } from "./world/request.js";

/**
 * Creates a preset's model with fresh parameters, to train from scratch.
 *
 * @param texts source of the vocabulary; the synthetic world's own vocabulary includes the words for goals if a text
 *   states a goal
 * @param seed of the parameters
 */
export async function freshModel(
  { vocabulary, config: sizes }: Preset,
  texts: () => Iterable<string>,
  seed: number,
): Promise<Checkpoint> {
  const tokenizer = vocabulary ? trainTokenizer(texts(), { vocabSize: vocabulary }) : worldTokenizer(texts());
  const config = { ...sizes, vocabSize: tokenizer.vocabSize };
  return { config, parameters: initialParameters(config, Random.seeded(seed).fork("parameters")), tokenizer };
}

function worldTokenizer(texts: Iterable<string>): Tokenizer {
  for (const text of texts)
    if (text.startsWith("goal ") && parsePrompt(text)?.goal !== undefined)
      return tokenizerFromFiles(tokenizerFiles(true));
  return tokenizerFromFiles(tokenizerFiles());
}

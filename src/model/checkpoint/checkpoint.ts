import { join } from "node:path";
import { inputError } from "../../base/errors.js";
import { writeFileAtomic, writeJson } from "../../base/files.js";
import { readText } from "../../base/read-json.js";
import type { ModelConfig } from "../config.js";
import { parameterShapes, type Parameters } from "../parameters/parameters.js";
import { loadTokenizer, tokenizerFileNames } from "../tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { configToWrite, keptFileNames, readSource, type CheckpointSource } from "./checkpoint-source.js";
import { checkShapes, fitWeights } from "./fit-weights.js";
import { findGguf } from "./gguf/choose-file.js";
import { ggufTokenizer, openGguf } from "./gguf/open-gguf.js";
import { configText, huggingFaceGenerationConfig, parseHuggingFaceConfig } from "./hugging-face-config.js";
import { readAll, type TensorSource } from "./tensor-source.js";
import { isWeightFile, openWeights } from "./weight-files.js";
import { writeFolder } from "../../base/write-folder.js";
import { writeWeights, type WeightOptions } from "./write-weights.js";

/** A model that can be run, and its tokenizer. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly tokenizer: Tokenizer;
  /** The other contents of its files, if it was loaded; written back by {@link saveCheckpoint}. */
  readonly source?: CheckpointSource;
}

const ownFiles: ReadonlySet<string> = new Set(["config.json", ...keptFileNames, ...tokenizerFileNames]);

/** Whether a file name belongs to a checkpoint folder in Hugging Face layout. */
export function isCheckpointFile(name: string): boolean {
  return ownFiles.has(name) || isWeightFile(name);
}

/**
 * Writes a checkpoint in Hugging Face layout, which transformers loads. It is assembled next to `folder` (`<folder>.partial`) and
 * renamed, so that a crash leaves a whole checkpoint or none. An existing checkpoint is replaced. The parameters must not change
 * until the promise settles.
 *
 * @param options `dtype` of the weights (float32 by default), and `maxShardBytes` of one file (5 · 10⁹ by default)
 * @throws InputError if the parameters do not fit the config or the `dtype`, or `folder` contains files that do not belong to a
 *   checkpoint; the system's error if the disk is full, in which case `folder` is untouched
 */
export async function saveCheckpoint(
  folder: string,
  { config, parameters, tokenizer, source }: Checkpoint,
  options: WeightOptions = {},
): Promise<void> {
  const shapes = parameterShapes(config);
  checkShapes(shapes, parameters, folder);
  checkVocabulary(config, tokenizer, folder);
  const ordered = new Map([...shapes.keys()].map((name) => [name, parameters.get(name)!]));
  await writeFolder(folder, "a checkpoint", isCheckpointFile, async (partial) => {
    for (const [name, text] of tokenizer.files) await writeFileAtomic(join(partial, name), text);
    await writeJson(join(partial, "generation_config.json"), huggingFaceGenerationConfig(tokenizer));
    for (const [name, bytes] of source?.files ?? []) await writeFileAtomic(join(partial, name), bytes);
    await writeWeights(partial, ordered, options);
    const written = configToWrite(config, tokenizer, options.dtype ?? "float32", source);
    await writeFileAtomic(join(partial, "config.json"), configText(written));
  });
}

/**
 * Loads a checkpoint: a folder in Hugging Face layout with weights in one file or several, half precision widened to float32; or
 * a GGUF model, given as a file or as the only one in a folder, dequantised to float32.
 *
 * @throws InputError if a file is missing, broken or unsupported, or config, weights and tokenizer do not belong together
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { weights, ...rest } = await openCheckpoint(path);
  try {
    return { ...rest, parameters: await readAll(weights) };
  } finally {
    await weights.close();
  }
}

/** A checkpoint whose weights are still in their files. */
export interface OpenCheckpoint extends Required<Omit<Checkpoint, "parameters">> {
  /** The model's parameters, under their names and in layer order; close it after reading. */
  readonly weights: TensorSource;
}

/**
 * Opens a checkpoint like {@link loadCheckpoint}, with the same errors, but leaves the weights to be read one at a time, so that
 * memory holds no more of them than are in use.
 */
export async function openCheckpoint(path: string): Promise<OpenCheckpoint> {
  const gguf = await findGguf(path);
  return gguf === undefined ? openFolder(path) : openGguf(gguf);
}

/** The tokenizer of a checkpoint, as {@link openCheckpoint} would load it, without the weights. */
export async function loadCheckpointTokenizer(path: string): Promise<Tokenizer> {
  const gguf = await findGguf(path);
  return gguf === undefined ? loadTokenizer(path) : ggufTokenizer(gguf);
}

async function openFolder(folder: string): Promise<OpenCheckpoint> {
  const files = await openWeights(folder);
  try {
    const configFile = join(folder, "config.json");
    const json = await readText(configFile, "a model in Hugging Face layout");
    const config = parseHuggingFaceConfig(json, configFile);
    const tokenizer = await loadTokenizer(folder);
    checkVocabulary(config, tokenizer, folder);
    return { config, tokenizer, source: await readSource(folder, json), weights: await fitWeights(config, files) };
  } catch (error) {
    await files.close();
    throw error;
  }
}

function checkVocabulary({ vocabSize }: ModelConfig, tokenizer: Tokenizer, folder: string): void {
  if (tokenizer.vocabSize > vocabSize) {
    throw inputError(
      { file: folder },
      `a tokenizer with ids up to ${tokenizer.vocabSize - 1}`,
      `ids below vocab_size = ${vocabSize}, the rows of the embedding`,
    );
  }
}

import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { inputError, quote } from "../base/errors.js";
import { writeFileAtomic, writeJson } from "../base/files.js";
import type { Tensor } from "../graph/tensor.js";
import type { ModelConfig } from "./config.js";
import { huggingFaceConfig, huggingFaceGenerationConfig, parseHuggingFaceConfig } from "./hugging-face-config.js";
import { loadTokenizer, tokenizerFileNames } from "./load-tokenizer.js";
import { embeddingName, headName, parameterShapes, type Parameters } from "./parameters.js";
import { isMissing, readText } from "./read-json.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { storedNames } from "./stored-names.js";
import type { Tokenizer } from "./tokenizer.js";

/** A model that can be run, and the tokenizer that its embedding belongs to. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly tokenizer: Tokenizer;
}

const weightsFile = "model.safetensors";
const checkpointFiles: ReadonlySet<string> = new Set([
  "config.json",
  "generation_config.json",
  weightsFile,
  ...tokenizerFileNames,
]);

/**
 * Writes a checkpoint in Hugging Face layout, which transformers loads. It is put together beside `folder`
 * (`<folder>.partial`) and renamed, so that a crash leaves a whole checkpoint or none. A checkpoint that was there is
 * replaced. The parameters must not change until the promise settles.
 *
 * @throws InputError where the parameters do not fit the config, or `folder` holds files that are no checkpoint's;
 *   the system's error where the disk is full, and what was at `folder` is then untouched
 */
export async function saveCheckpoint(folder: string, { config, parameters, tokenizer }: Checkpoint): Promise<void> {
  const target = resolve(folder);
  const partial = `${target}.partial`;
  const replaced = `${target}.replaced`;
  const fitting = fitParameters(config, parameters, folder);
  checkVocabulary(config, tokenizer, folder);
  await refuseForeignFiles(target);
  await mkdir(dirname(target), { recursive: true });
  await rm(partial, { recursive: true, force: true });
  try {
    for (const [name, text] of tokenizer.files) await writeFileAtomic(join(partial, name), text);
    await writeJson(join(partial, "generation_config.json"), huggingFaceGenerationConfig(tokenizer));
    await writeSafetensors(join(partial, weightsFile), fitting);
    await writeJson(join(partial, "config.json"), huggingFaceConfig(config, tokenizer));
    await rm(replaced, { recursive: true, force: true });
    await moveIfThere(target, replaced);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await rm(replaced, { recursive: true, force: true });
}

async function refuseForeignFiles(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const foreign = names.find((name) => !checkpointFiles.has(name));
  if (foreign !== undefined) {
    throw inputError({ file: folder }, `${quote(foreign)} in the folder`, "a new folder, or a checkpoint to replace");
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * Loads a checkpoint in Hugging Face layout; half-precision weights are widened to float32.
 *
 * @throws InputError where a file is missing, is broken or is not supported, or where config, weights and tokenizer
 *   do not belong together
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  const names = await listFolder(folder);
  const configFile = join(folder, "config.json");
  const config = parseHuggingFaceConfig(await readText(configFile, "a model in Hugging Face layout"), configFile);
  const tokenizer = await loadTokenizer(folder);
  checkVocabulary(config, tokenizer, folder);
  refuseOtherWeights(names, folder);
  const file = join(folder, weightsFile);
  const { tensors } = await readSafetensors(file);
  return { config, parameters: fitParameters(config, withoutCopies(config, tensors, file), file), tokenizer };
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw inputError({ file: folder }, "no such folder", "a model folder in Hugging Face layout", error);
  }
}

function refuseOtherWeights(names: readonly string[], folder: string): void {
  if (names.includes(weightsFile)) return;
  const pickle = names.find((name) => /^pytorch_model.*\.bin$/.test(name));
  if (pickle !== undefined) {
    const found = `${pickle}, a pickle: loading one can run any code that it holds`;
    throw inputError({ file: folder }, found, `${weightsFile} (save_pretrained of transformers writes it)`);
  }
  if (names.includes(`${weightsFile}.index.json`)) {
    throw inputError({ file: folder }, "weights in several files", `one ${weightsFile}`);
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

/** The tensors under their parameters' names, without those that transformers ignores: buffers, and a tied head written out. */
function withoutCopies(config: ModelConfig, tensors: Parameters, file: string): Parameters {
  const nameOf = storedNames(config);
  const kept = new Map<string, Tensor<"float32">>();
  for (const [stored, tensor] of tensors) {
    const name = nameOf(stored);
    if (name !== undefined) kept.set(name, tensor);
  }
  const [headOf, embeddingOf] = [headName(config), embeddingName(config)];
  const head = kept.get(headOf);
  const embedding = kept.get(embeddingOf);
  if (config.tiedEmbeddings && head !== undefined && embedding !== undefined) {
    if (!head.data.every((value, i) => value === embedding.data[i])) {
      const found = `${headOf} that differs from ${embeddingOf}`;
      throw inputError({ file }, found, "none, or the same, because config.json has tie_word_embeddings = true");
    }
    kept.delete(headOf);
  }
  return kept;
}

/** The tensors in the order of the layers, after checking that they are those that the config asks for. */
function fitParameters(config: ModelConfig, tensors: Parameters, file: string): Parameters {
  const shapes = parameterShapes(config);
  const extra = [...tensors.keys()].find((name) => !shapes.has(name));
  const parameters = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of shapes) {
    const found = tensors.get(name);
    if (found === undefined) {
      const instead = extra === undefined ? "" : ` but ${quote(extra)}`;
      throw inputError({ file }, `no parameter ${quote(name)}${instead}`, `one of shape [${shape}]`);
    }
    if (found.shape.length !== shape.length || found.shape.some((axis, i) => axis !== shape[i])) {
      throw inputError({ file }, `parameter ${quote(name)} of shape [${found.shape}]`, `[${shape}], as config.json says`);
    }
    parameters.set(name, found);
  }
  if (extra !== undefined) {
    throw inputError({ file }, `parameter ${quote(extra)}`, `only the ${shapes.size} that config.json asks for`);
  }
  return parameters;
}

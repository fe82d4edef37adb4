import { inputError, quote } from "../../../base/errors.js";
import type { OpenCheckpoint } from "../checkpoint.js";
import type { ModelConfig } from "../../config.js";
import { fitWeights } from "../fit-weights.js";
import { huggingFaceConfig, parseHuggingFaceConfig } from "../hugging-face-config.js";
import { tokenizerFromFiles } from "../../tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../tokenizer/tokenizer.js";
import { ModelMetadata, type GgufArchitecture } from "./architectures/architecture.js";
import { ggufArchitecture } from "./architectures/index.js";
import { kinds } from "./metadata.js";
import { NamedWeights } from "./named-weights.js";
import { GgufParts } from "./split-files.js";
import { tokenizerFiles } from "./tokenizer/tokenizer-files.js";

const embedding = "token_embd.weight";

/**
 * Opens a GGUF model like a checkpoint in Hugging Face layout: its metadata are converted to the files of that layout and then
 * read like them, so that the model can be saved like any other.
 *
 * @param path the file, or any part of a split model
 * @throws InputError if the file is broken, or holds an unknown model, tokenizer or number format
 */
export async function openGguf(path: string): Promise<OpenCheckpoint> {
  const file = await GgufParts.open(path);
  try {
    const { metadata } = file;
    const architecture = ggufArchitecture(metadata);
    const model = await modelMetadata(file, architecture);
    const config = readConfig(file, architecture, model);
    const { tokenizer, size } = readTokenizer(file);
    if (size !== config.vocabSize) {
      throw inputError(
        { file: file.path },
        `a vocabulary of ${size} tokens`,
        `${config.vocabSize}, the rows of ${embedding}`,
      );
    }
    const source = { config: huggingFaceConfig(config, tokenizer), files: new Map<string, Uint8Array>() };
    return {
      config,
      tokenizer,
      source,
      weights: await fitWeights(config, new NamedWeights(file, architecture, model)),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The tokenizer of a GGUF model, with the errors of {@link openGguf}; its weights are not read. */
export async function ggufTokenizer(path: string): Promise<Tokenizer> {
  const file = await GgufParts.open(path);
  try {
    return readTokenizer(file).tokenizer;
  } finally {
    await file.close();
  }
}

function readTokenizer({ metadata, path }: GgufParts): { readonly tokenizer: Tokenizer; readonly size: number } {
  const { files, stops, size } = tokenizerFiles(metadata);
  return { tokenizer: tokenizerFromFiles(files, path, stops), size };
}

async function modelMetadata(file: GgufParts, { constants = [] }: GgufArchitecture): Promise<ModelMetadata> {
  const read = new Map<string, Float32Array>();
  for (const name of constants.filter((each) => file.tensors.has(each))) read.set(name, (await file.read(name)).data);
  const name = file.metadata.get("general.architecture", kinds.text);
  return new ModelMetadata(name, file.metadata, (tensor) => file.tensors.has(tensor), read);
}

function readConfig(file: GgufParts, architecture: GgufArchitecture, model: ModelMetadata): ModelConfig {
  const layers = model.size("block_count");
  if (layers > file.tensors.size) {
    throw inputError(
      { file: file.path },
      `${model.key("block_count")} = ${layers}`,
      `at most the ${file.tensors.size} tensors of the file`,
    );
  }
  const rows = file.tensors.get(embedding)?.shape[0];
  if (rows === undefined)
    throw inputError({ file: file.path }, `no tensor ${quote(embedding)}`, "the embedding of tokens");
  const fields = {
    model_type: architecture.modelType,
    tie_word_embeddings: !file.tensors.has("output.weight"),
    vocab_size: rows,
    ...architecture.config(model),
  };
  return parseHuggingFaceConfig(JSON.stringify(fields), file.path);
}

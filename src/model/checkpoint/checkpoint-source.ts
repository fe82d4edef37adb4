import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isMissing } from "../../base/files.js";
import { parseJson } from "../../base/read-json.js";
import type { ModelConfig } from "../config.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { huggingFaceConfig, parseHuggingFaceConfig } from "./hugging-face-config.js";
import type { WeightType } from "./safetensors/safetensors.js";

/** Contents of a loaded checkpoint's files beyond what the model needs, kept so that saving loses nothing. */
export interface CheckpointSource {
  /** Everything in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The bytes of files kept unchanged, by name: those of {@link keptFileNames} that existed. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Files that other programs need: generation settings, and the tokenizer in formats older than tokenizer.json. */
export const keptFileNames = [
  "generation_config.json",
  "tokenizer.model",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
] as const;

/**
 * Reads the contents of a checkpoint folder that are to be kept.
 *
 * @param configJson text of its `config.json`, known to be a model's
 */
export async function readSource(folder: string, configJson: string): Promise<CheckpointSource> {
  const files = new Map<string, Uint8Array>();
  for (const name of keptFileNames) {
    try {
      files.set(name, await readFile(join(folder, name)));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return { config: parseJson(configJson, z.looseObject({}), join(folder, "config.json")), files };
}

/**
 * Content of a model's `config.json`: the one it was loaded with, if any, changed only in the type of the weights and in what
 * differs in `config`.
 */
export function configToWrite(
  config: ModelConfig,
  tokenizer: Tokenizer,
  dtype: WeightType,
  source: CheckpointSource | undefined,
): Record<string, unknown> {
  const ours = huggingFaceConfig(config, tokenizer);
  if (source === undefined) return { ...ours, dtype };
  const loaded = parseHuggingFaceConfig(JSON.stringify(source.config), "config.json");
  const before = huggingFaceConfig(loaded, tokenizer);
  const changed = Object.entries(ours).filter(([field, value]) => !isDeepStrictEqual(value, before[field]));
  // `torch_dtype` is the name of `dtype` before transformers 4.56.
  const named = ["dtype", "torch_dtype"].filter((field) => field in source.config);
  const types = (named.length > 0 ? named : ["dtype"]).map((field) => [field, dtype]);
  return { ...source.config, ...Object.fromEntries([...changed, ...types]) };
}

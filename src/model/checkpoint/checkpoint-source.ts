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

/** What the files of a loaded checkpoint say beyond what a model needs, so that it can be given back whole. */
export interface CheckpointSource {
  /** Everything in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The bytes of the files that are kept as they are, by name: those of {@link keptFileNames} that there were. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Files that other programs need: how to generate, and the tokenizer in the forms that came before tokenizer.json. */
export const keptFileNames = [
  "generation_config.json",
  "tokenizer.model",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
] as const;

/**
 * What is to be kept of a checkpoint folder.
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
 * Content of the `config.json` of a model: the one that it was loaded with, where there is one, with no change but
 * the type of the weights and what has become different in `config`.
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

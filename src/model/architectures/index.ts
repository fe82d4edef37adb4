import type { ModelConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { gpt2 } from "./gpt2.js";
import { gptNeoX } from "./gpt-neox.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";

export type ArchitectureName = ModelConfig["architecture"];

/** Every architecture by the `model_type` of its config.json. */
export const architectures: {
  readonly [Name in ArchitectureName]: Architecture<Extract<ModelConfig, { architecture: Name }>>;
} = { llama, mistral, qwen2, qwen3, gpt_neox: gptNeoX, gpt2 };

/** The architecture of a model, for its own config. */
export function architectureOf(config: ModelConfig): Architecture<ModelConfig> {
  return architectures[config.architecture] as Architecture<ModelConfig>;
}

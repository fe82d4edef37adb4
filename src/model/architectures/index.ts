import type { ModelConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { gemma2, gemma3 } from "./gemma.js";
import { gpt2 } from "./gpt2.js";
import { gptNeoX } from "./gpt-neox.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { mixtral } from "./mixtral.js";
import { olmo2 } from "./olmo2.js";
import { phi3 } from "./phi3.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";
import { qwen3Moe } from "./qwen3-moe.js";
import { smolLm3 } from "./smollm3.js";
import { stableLm } from "./stablelm.js";

export type ArchitectureName = ModelConfig["architecture"];

/** Every architecture by the `model_type` of its config.json. */
export const architectures: {
  readonly [Name in ArchitectureName]: Architecture<Extract<ModelConfig, { architecture: Name }>>;
} = {
  llama,
  mistral,
  qwen2,
  qwen3,
  mixtral,
  qwen3_moe: qwen3Moe,
  smollm3: smolLm3,
  granite,
  olmo2,
  phi3,
  gemma2,
  gemma3_text: gemma3,
  stablelm: stableLm,
  gpt_neox: gptNeoX,
  gpt2,
};

/** Returns the architecture of a config. */
export function architectureOf(config: ModelConfig): Architecture<ModelConfig> {
  return architectures[config.architecture] as Architecture<ModelConfig>;
}

import type { GgufArchitecture } from "./architecture.js";
import { gemma2, gemma3 } from "./gemma.js";
import { gpt2 } from "./gpt2.js";
import { gptNeoX } from "./gpt-neox.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { olmo2 } from "./olmo2.js";
import { phi3 } from "./phi3.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";
import { smolLm3 } from "./smollm3.js";
import { stableLm } from "./stablelm.js";

/** Every architecture by the `general.architecture` of its files. */
export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  llama,
  qwen2,
  qwen3,
  smollm3: smolLm3,
  granite,
  olmo2,
  phi3,
  gemma2,
  gemma3,
  stablelm: stableLm,
  gptneox: gptNeoX,
  gpt2,
};

import { kinds, type Metadata } from "../metadata.js";
import type { GgufArchitecture } from "./architecture.js";
import { gemma2, gemma3 } from "./gemma.js";
import { gpt2 } from "./gpt2.js";
import { gptNeoX } from "./gpt-neox.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mixtral } from "./mixtral.js";
import { olmo2 } from "./olmo2.js";
import { phi3 } from "./phi3.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";
import { qwen3Moe } from "./qwen3-moe.js";
import { smolLm3 } from "./smollm3.js";
import { stableLm } from "./stablelm.js";

/** Every architecture by the `general.architecture` of its files. */
const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama,
  qwen2,
  qwen3,
  qwen3moe: qwen3Moe,
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

/** The architecture that a file names. @throws InputError listing the known ones if it is not among them */
export function ggufArchitecture(metadata: Metadata): GgufArchitecture {
  const found = metadata.choose("general.architecture", architectures);
  const experts = found === llama ? (metadata.find("llama.expert_count", kinds.number) ?? 0) : 0;
  return experts > 0 ? mixtral : found;
}

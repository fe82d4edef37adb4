import type { GgufArchitecture } from "./architecture.js";
import { gpt2 } from "./gpt2.js";
import { gptNeoX } from "./gpt-neox.js";
import { llama } from "./llama.js";
import { qwen2 } from "./qwen2.js";

/** Every architecture by the `general.architecture` of its files. */
export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = { llama, qwen2, gptneox: gptNeoX, gpt2 };

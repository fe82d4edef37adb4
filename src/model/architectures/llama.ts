import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { LlamaConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import { decodeFamily, familyFields, familyModules, familyNames, formatFamily, parseFamily } from "./llama-family.js";

const className = "LlamaForCausalLM";

/** Fields that are left out have the defaults of transformers' LlamaConfig. */
const schema = z.looseObject({
  ...commonFields("llama", className),
  ...familyFields,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(2048),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
});

/** Llama 1 to 3, TinyLlama, SmolLM and others of the kind. */
export const llama: Architecture<LlamaConfig> = {
  className,
  ...familyNames,
  parse: (fields, file) => ({ architecture: "llama", ...parseFamily(checkJson(fields, schema, file), file) }),
  fields: (config) => ({ attention_bias: false, mlp_bias: false, ...formatFamily(config) }),
  modules: (config) => familyModules(config),
  decode: decodeFamily,
};

import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { MistralConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import { decodeFamily, familyFields, familyModules, familyNames, formatFamily, parseFamily } from "./llama-family.js";

const className = "MistralForCausalLM";

/** Fields that are left out have the defaults of transformers' MistralConfig. */
const schema = z.looseObject({
  ...commonFields("mistral", className),
  ...familyFields,
  num_key_value_heads: size.nullable().default(8),
  max_position_embeddings: size.default(131072),
  sliding_window: size.nullable().default(4096),
  // Windows in some layers only.
  layer_types: z.null().optional(),
});

/** Mistral 7B, Zephyr and others of the kind (Jiang et al. 2023, arXiv 2310.06825). */
export const mistral: Architecture<MistralConfig> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const window = checked.sliding_window;
    return { architecture: "mistral", ...parseFamily(checked, file), ...(window !== null && { slidingWindow: window }) };
  },
  fields: (config) => ({ ...formatFamily(config), sliding_window: config.slidingWindow ?? null }),
  modules: (config) => familyModules(config),
  decode: decodeFamily,
};

import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { Qwen2Config } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import { decodeFamily, familyFields, familyModules, familyNames, formatFamily, parseFamily } from "./llama-family.js";

const className = "Qwen2ForCausalLM";

/** Omitted fields have the defaults of transformers' Qwen2Config. `sliding_window` has an effect only if it is used. */
const schema = z.looseObject({
  ...commonFields("qwen2", className),
  ...familyFields,
  num_key_value_heads: size.nullable().default(32),
  max_position_embeddings: size.default(32768),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).nullish(),
});

/** Qwen 1.5, 2 and 2.5 (Yang et al. 2024, arXiv 2407.10671). */
export const qwen2: Architecture<Qwen2Config> = {
  className,
  ...familyNames,
  parse: (fields, file) => ({ architecture: "qwen2", ...parseFamily(checkJson(fields, schema, file), file) }),
  fields: (config) => ({ ...formatFamily(config), use_sliding_window: false }),
  modules: (config) => familyModules(config, { biases: { projections: true } }),
  decode: decodeFamily,
};

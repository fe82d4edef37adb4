import { z } from "zod";
import { inputError, quote } from "../../base/errors.js";
import { checkJson } from "../../base/read-json.js";
import type { MistralConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import { decodeFamily, familyFields, familyModules, familyNames, formatFamily, parseFamily } from "./llama-family.js";

const className = "MistralForCausalLM";

/** Omitted fields have the defaults of transformers' MistralConfig. */
const schema = z.looseObject({
  ...commonFields("mistral", className),
  ...familyFields,
  num_key_value_heads: size.nullable().default(8),
  max_position_embeddings: size.default(131072),
  sliding_window: size.nullable().default(4096),
  // Kinds of layers; transformers derives them from the window alone.
  layer_types: z.array(z.enum(["sliding_attention", "full_attention"])).nullish(),
});

/** Mistral 7B, Zephyr and similar models (Jiang et al. 2023, arXiv 2310.06825). */
export const mistral: Architecture<MistralConfig> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const window = checked.sliding_window;
    const kind = window === null ? "full_attention" : "sliding_attention";
    const other = (checked.layer_types ?? []).findIndex((type) => type !== kind);
    if (other !== -1) {
      const found = `layer_types.${other} = ${quote(checked.layer_types![other]!)}`;
      throw inputError({ file }, found, `${quote(kind)}, because sliding_window = ${window}`);
    }
    return {
      architecture: "mistral",
      ...parseFamily(checked, file),
      ...(window !== null && { slidingWindow: window }),
    };
  },
  fields: (config) => ({ ...formatFamily(config), sliding_window: config.slidingWindow ?? null }),
  modules: (config) => familyModules(config),
  decode: decodeFamily,
};

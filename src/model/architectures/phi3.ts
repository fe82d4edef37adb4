import { z } from "zod";
import { inputError, quote } from "../../base/errors.js";
import { checkJson } from "../../base/read-json.js";
import type { Phi3Config } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import {
  decodeFamily,
  familyFields,
  familyModules,
  familyNames,
  formatFamily,
  parseFamily,
  type FamilyTraits,
} from "./llama-family.js";

const className = "Phi3ForCausalLM";

/** Omitted fields have the defaults of transformers' Phi3Config. */
const schema = z.looseObject({
  ...commonFields("phi3", className),
  ...familyFields,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(4096),
  original_max_position_embeddings: size.default(4096),
  rms_norm_eps: z.number().positive().default(1e-5),
  sliding_window: size.nullish(),
});

const traits: FamilyTraits = { fused: true };

/** Phi-3, Phi-3.5 and Phi-4, except their mixture-of-experts models (Abdin et al. 2024, arXiv 2404.14219). */
export const phi3: Architecture<Phi3Config> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const { rotaryFactor = 1, ...family } = parseFamily(checked, file, { rotaryFactor: 1 });
    const scaling = family.ropeScaling?.type ?? "longrope";
    if (scaling !== "longrope") throw inputError({ file }, `rope_type = ${quote(scaling)}`, quote("longrope"));
    const window = checked.sliding_window ?? undefined;
    return { architecture: "phi3", ...family, rotaryFactor, ...(window !== undefined && { slidingWindow: window }) };
  },
  fields: (config) => ({
    ...formatFamily(config),
    // transformers prefers this field to the one within rope_parameters.
    ...(config.ropeScaling && { original_max_position_embeddings: config.contextLength }),
    sliding_window: config.slidingWindow ?? null,
  }),
  modules: (config) => familyModules(config, traits),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits),
};

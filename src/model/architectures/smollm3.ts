import { z } from "zod";
import { inputError } from "../../base/errors.js";
import { checkJson } from "../../base/read-json.js";
import type { SmolLm3Config } from "../config.js";
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

const className = "SmolLM3ForCausalLM";

/** Omitted fields have the defaults of transformers' SmolLM3Config. `sliding_window` has an effect only if it is used. */
const schema = z.looseObject({
  ...commonFields("smollm3", className, true),
  ...familyFields,
  num_key_value_heads: size.nullable().default(4),
  max_position_embeddings: size.default(32768),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  // 1 means that heads are rotated, despite the name.
  no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
  no_rope_layer_interval: size.default(4),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).nullish(),
});

const traits = (config: SmolLm3Config): FamilyTraits => ({
  biases: { projections: config.attentionBias, output: config.attentionBias, feedForward: config.feedForwardBias },
  rotary: (layer) => (config.rotatedLayers[layer] ? config : undefined),
});

/** SmolLM3: every fourth layer has no rotary positions (Yang et al. 2025, arXiv 2501.18795). */
export const smolLm3: Architecture<SmolLm3Config> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const family = parseFamily(checked, file, { ropeTheta: 2000000 });
    const { no_rope_layers: listed, no_rope_layer_interval: interval } = checked;
    if (listed && listed.length < family.layers) {
      throw inputError(
        { file },
        `${listed.length} numbers in no_rope_layers`,
        `one for each of ${family.layers} layers`,
      );
    }
    const rotated = (layer: number) => (listed ? listed[layer] === 1 : (layer + 1) % interval !== 0);
    return {
      architecture: "smollm3",
      ...family,
      rotatedLayers: Array.from({ length: family.layers }, (_, layer) => rotated(layer)),
      attentionBias: checked.attention_bias,
      feedForwardBias: checked.mlp_bias,
    };
  },
  fields: (config) => ({
    ...formatFamily(config),
    attention_bias: config.attentionBias,
    mlp_bias: config.feedForwardBias,
    no_rope_layers: config.rotatedLayers.map(Number),
    use_sliding_window: false,
  }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};

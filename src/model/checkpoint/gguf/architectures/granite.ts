import { inputError } from "../../../../base/errors.js";
import type { GgufArchitecture } from "./architecture.js";
import { familyConfig } from "./llama-family.js";
import { llama } from "./llama.js";

/** Granite, except its mixture-of-experts models; the rows of its queries and keys are reordered, like Llama's. */
export const granite: GgufArchitecture = {
  ...llama,
  modelType: "granite",
  config(model) {
    if (model.findFlag("rope.scaling.finetuned") === false) {
      // llama.cpp's flag for models of the family without rotary positions.
      throw inputError(
        { file: model.metadata.path },
        `${model.key("rope.scaling.finetuned")} = false`,
        "true: heads with rotary positions",
      );
    }
    return {
      ...familyConfig(model),
      attention_bias: model.has("blk.0.attn_q.bias"),
      mlp_bias: model.has("blk.0.ffn_up.bias"),
      embedding_multiplier: model.findNumber("embedding_scale") ?? 1,
      residual_multiplier: model.findNumber("residual_scale") ?? 1,
      attention_multiplier: model.findNumber("attention.scale") ?? 1 / Math.sqrt(model.headSize),
      logits_scaling: model.number("logit_scale"),
    };
  },
};

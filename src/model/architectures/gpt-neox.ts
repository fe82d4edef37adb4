import { z } from "zod";
import { inputError } from "../../base/errors.js";
import { checkJson } from "../../base/read-json.js";
import type { Value } from "../../graph/index.js";
import type { GptNeoXConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import {
  activationField,
  activationName,
  activationOf,
  commonFields,
  headSizeOf,
  layerCount,
  size,
} from "./config-fields.js";
import { embedding, layerNormModule, linear } from "./modules.js";
import { feedForward } from "./parts/feed-forward.js";
import { fusedByHead } from "./parts/heads.js";
import { layerNorm } from "./parts/norm.js";
import { parallelResidual, sequentialResidual } from "./parts/residual.js";
import { checkFactors, formatContextLength, formatRope, parseRope, ropeFields } from "./parts/rope-fields.js";
import { rotation } from "./parts/rotary.js";

const className = "GPTNeoXForCausalLM";

/** Omitted fields have the defaults of transformers' GPTNeoXConfig. */
const schema = z.looseObject({
  ...commonFields("gpt_neox", className),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  max_position_embeddings: size.default(2048),
  layer_norm_eps: z.number().positive().default(1e-5),
  hidden_act: activationField.default("gelu"),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  // The field names before transformers 5.
  rotary_pct: z.number().positive().max(1).default(0.25),
  rotary_emb_base: z.number().positive().optional(),
  ...ropeFields,
});

const names = { base: "gpt_neox", embedding: "gpt_neox.embed_in", head: "embed_out" } as const;
const layerName = (i: number) => `${names.base}.layers.${i}`;
const finalNorm = `${names.base}.final_layer_norm`;

/** Number of a head's elements that are rotated, truncated as in transformers. */
const rotarySize = (headSize: number, rotaryFactor: number) => Math.trunc(headSize * rotaryFactor);

/**
 * GPT-NeoX 20B, Pythia and similar models (Black et al. 2022, arXiv 2204.06745). Trained without dropout, whatever config.json
 * says.
 */
export const gptNeoX: Architecture<GptNeoXConfig> = {
  className,
  ...names,

  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const rope = { ...checked, rope_theta: checked.rope_theta ?? checked.rotary_emb_base };
    const { rotary, partialRotaryFactor, contextLength } = parseRope(rope, file);
    const rotaryFactor = partialRotaryFactor ?? checked.rotary_pct;
    const heads = checked.num_attention_heads;
    const headSize = headSizeOf(
      checked.hidden_size,
      heads,
      { hidden: "hidden_size", heads: "num_attention_heads" },
      file,
    );
    const rotated = rotarySize(headSize, rotaryFactor);
    if (rotated === 0 || rotated % 2 !== 0) {
      throw inputError(
        { file },
        `${rotated} of ${headSize} elements of a head to rotate`,
        "an even number (rotary_pct)",
      );
    }
    checkFactors(rotary, rotated, file);
    return {
      architecture: "gpt_neox",
      vocabSize: checked.vocab_size,
      hiddenSize: checked.hidden_size,
      intermediateSize: checked.intermediate_size,
      layers: checked.num_hidden_layers,
      heads,
      kvHeads: heads,
      headSize,
      contextLength,
      ...rotary,
      rotaryFactor,
      parallelResidual: checked.use_parallel_residual,
      attentionBias: checked.attention_bias,
      activation: activationOf(checked.hidden_act),
      normEpsilon: checked.layer_norm_eps,
      tiedEmbeddings: checked.tie_word_embeddings,
      initializerRange: checked.initializer_range,
    };
  },

  fields: (config) => ({
    attention_bias: config.attentionBias,
    hidden_act: activationName(config.activation),
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    layer_norm_eps: config.normEpsilon,
    max_position_embeddings: formatContextLength(config),
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    ...formatRope(config),
    rotary_emb_base: config.ropeTheta,
    rotary_pct: config.rotaryFactor,
    use_parallel_residual: config.parallelResidual,
  }),

  modules(config) {
    const { vocabSize, hiddenSize, intermediateSize, attentionBias: bias } = config;
    const layers = Array.from({ length: config.layers }, (_, i) => {
      const layer = layerName(i);
      return [
        layerNormModule(`${layer}.input_layernorm`, hiddenSize),
        linear(`${layer}.attention.query_key_value`, hiddenSize, 3 * hiddenSize, { bias }),
        linear(`${layer}.attention.dense`, hiddenSize, hiddenSize, { bias, residual: true }),
        layerNormModule(`${layer}.post_attention_layernorm`, hiddenSize),
        linear(`${layer}.mlp.dense_h_to_4h`, hiddenSize, intermediateSize, { bias: true }),
        linear(`${layer}.mlp.dense_4h_to_h`, intermediateSize, hiddenSize, { bias: true, residual: true }),
      ];
    });
    return [
      embedding(names.embedding, vocabSize, hiddenSize),
      ...layers.flat(),
      layerNormModule(finalNorm, hiddenSize),
      ...(config.tiedEmbeddings ? [] : [linear(names.head, hiddenSize, vocabSize)]),
    ];
  },

  decode(config, network, { tokens, position, positions }, attention) {
    const turn = rotation(config, rotarySize(config.headSize, config.rotaryFactor), position, positions);
    const residual = config.parallelResidual ? parallelResidual : sequentialResidual;
    let x = network.embed(tokens, names.embedding);
    for (let i = 0; i < config.layers; i++) {
      const layer = layerName(i);
      const attend = (read: Value) => {
        const normed = layerNorm(network, read, `${layer}.input_layernorm`, config);
        const rows = network.linear(normed, `${layer}.attention.query_key_value`);
        const { query, key, value } = fusedByHead(rows, tokens, config.heads);
        return network.linear(attention({ query: turn(query), key: turn(key), value }, i), `${layer}.attention.dense`);
      };
      const feed = (read: Value) => {
        const normed = layerNorm(network, read, `${layer}.post_attention_layernorm`, config);
        const mlp = { up: `${layer}.mlp.dense_h_to_4h`, down: `${layer}.mlp.dense_4h_to_h` };
        return feedForward(network, normed, mlp, config.activation);
      };
      x = residual(x, attend, feed);
    }
    return layerNorm(network, x, finalNorm, config);
  },
};

import { z } from "zod";
import { inputError } from "../../base/errors.js";
import type { Value } from "../../graph/index.js";
import type { LlamaConfig, MistralConfig, Qwen2Config } from "../config.js";
import type { PlacedTokens } from "./architecture.js";
import { size } from "./config-fields.js";
import { embedding, linear, rmsNormModule, type Module } from "./modules.js";
import type { Network } from "./network.js";
import type { Attention } from "./parts/attention.js";
import { embed } from "./parts/embedding.js";
import { gatedFeedForward } from "./parts/feed-forward.js";
import { splitHeads } from "./parts/heads.js";
import { rmsNorm } from "./parts/norm.js";
import { sequentialResidual } from "./parts/residual.js";
import { formatRope, parseRope, ropeFields } from "./parts/rope-fields.js";
import { rotation } from "./parts/rotary.js";

/*
 * What Llama, Mistral and Qwen2 have in common: Llama's decoder (Touvron et al. 2023, arXiv 2302.13971), with RMSNorm
 * before attention and feed-forward, rotary positions, grouped queries and a SwiGLU feed-forward.
 */

type FamilyConfig = LlamaConfig | MistralConfig | Qwen2Config;

/** Where the parts of the network stand. */
export const familyNames = { base: "model", embedding: "model.embed_tokens", head: "lm_head" } as const;

/** Fields of config.json that mean the same and have the same defaults in the whole family. */
export const familyFields = {
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.literal("silu").default("silu"),
  attention_dropout: z.literal(0).default(0),
  ...ropeFields,
};

const familySchema = z.looseObject({
  ...familyFields,
  vocab_size: size,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size,
  initializer_range: z.number(),
  tie_word_embeddings: z.boolean(),
});

/** The part of the config that the whole family has. */
export function parseFamily(fields: z.infer<typeof familySchema>, file: string): Omit<LlamaConfig, "architecture"> {
  const heads = fields.num_attention_heads;
  const kvHeads = fields.num_key_value_heads ?? heads;
  const headSize = fields.head_dim ?? fields.hidden_size / heads;
  if (heads % kvHeads !== 0) {
    throw inputError({ file }, `num_key_value_heads = ${kvHeads}`, `a divisor of num_attention_heads = ${heads}`);
  }
  if (headSize % 2 !== 0) {
    throw inputError({ file }, `heads of ${headSize} elements`, "an even number, for rotary embeddings (head_dim)");
  }
  const { rotary, partialRotaryFactor = 1 } = parseRope(fields, file);
  if (partialRotaryFactor !== 1) throw inputError({ file }, `partial_rotary_factor = ${partialRotaryFactor}`, "1");
  return {
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    contextLength: fields.max_position_embeddings,
    ...rotary,
    normEpsilon: fields.rms_norm_eps,
    tiedEmbeddings: fields.tie_word_embeddings,
    initializerRange: fields.initializer_range,
  };
}

/** The fields of config.json that the whole family has. */
export function formatFamily(config: FamilyConfig): Record<string, unknown> {
  return {
    attention_dropout: 0,
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.contextLength,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.normEpsilon,
    ...formatRope(config),
  };
}

const layerName = (i: number) => `${familyNames.base}.layers.${i}`;
const finalNorm = `${familyNames.base}.norm`;

/** @param projectionBias whether the query, key and value layers have biases */
export function familyModules(config: FamilyConfig, projectionBias = false): Module[] {
  const { vocabSize, hiddenSize, intermediateSize, heads, kvHeads, headSize } = config;
  const layers = Array.from({ length: config.layers }, (_, i) => {
    const layer = layerName(i);
    const bias = projectionBias;
    return [
      rmsNormModule(`${layer}.input_layernorm`, hiddenSize),
      linear(`${layer}.self_attn.q_proj`, hiddenSize, heads * headSize, { bias }),
      linear(`${layer}.self_attn.k_proj`, hiddenSize, kvHeads * headSize, { bias }),
      linear(`${layer}.self_attn.v_proj`, hiddenSize, kvHeads * headSize, { bias }),
      linear(`${layer}.self_attn.o_proj`, heads * headSize, hiddenSize, { residual: true }),
      rmsNormModule(`${layer}.post_attention_layernorm`, hiddenSize),
      linear(`${layer}.mlp.gate_proj`, hiddenSize, intermediateSize),
      linear(`${layer}.mlp.up_proj`, hiddenSize, intermediateSize),
      linear(`${layer}.mlp.down_proj`, intermediateSize, hiddenSize, { residual: true }),
    ];
  });
  return [
    embedding(familyNames.embedding, vocabSize, hiddenSize),
    ...layers.flat(),
    rmsNormModule(finalNorm, hiddenSize),
    ...(config.tiedEmbeddings ? [] : [linear(familyNames.head, hiddenSize, vocabSize)]),
  ];
}

export function decodeFamily(
  config: FamilyConfig,
  network: Network,
  { tokens, position, positions }: PlacedTokens,
  attention: Attention,
): Value {
  const turn = rotation(config, config.headSize, position, positions);
  let x = embed(network, familyNames.embedding, tokens);
  for (let i = 0; i < config.layers; i++) {
    const layer = layerName(i);
    const attend = (read: Value) => {
      const normed = rmsNorm(network, read, `${layer}.input_layernorm`, config);
      const project = (name: string, heads: number) => splitHeads(network.linear(normed, `${layer}.self_attn.${name}`), tokens, heads);
      const projections = {
        query: turn(project("q_proj", config.heads)),
        key: turn(project("k_proj", config.kvHeads)),
        value: project("v_proj", config.kvHeads),
      };
      return network.linear(attention(projections, i), `${layer}.self_attn.o_proj`);
    };
    const feedForward = (read: Value) => {
      const normed = rmsNorm(network, read, `${layer}.post_attention_layernorm`, config);
      const mlp = { gate: `${layer}.mlp.gate_proj`, up: `${layer}.mlp.up_proj`, down: `${layer}.mlp.down_proj` };
      return gatedFeedForward(network, normed, mlp);
    };
    x = sequentialResidual(x, attend, feedForward);
  }
  return rmsNorm(network, x, finalNorm, config);
}

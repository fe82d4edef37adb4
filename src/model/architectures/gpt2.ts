import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import { add, type Value } from "../../graph/index.js";
import type { Gpt2Config } from "../config.js";
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
import { fusedByKind } from "./parts/heads.js";
import { layerNorm } from "./parts/norm.js";
import { sequentialResidual } from "./parts/residual.js";

const className = "GPT2LMHeadModel";

/** Omitted fields have the defaults of transformers' GPT2Config. */
const schema = z.looseObject({
  ...commonFields("gpt2", className, true),
  n_embd: size,
  n_layer: layerCount,
  n_head: size,
  n_inner: size.nullish(),
  n_positions: size.default(1024),
  activation_function: activationField.default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
});

const names = { base: "transformer", embedding: "transformer.wte", head: "lm_head" } as const;
const positions = `${names.base}.wpe`;
const layerName = (i: number) => `${names.base}.h.${i}`;
const finalNorm = `${names.base}.ln_f`;

/** GPT-2 and its distillations (Radford et al. 2019). Trained without dropout, whatever config.json says. */
export const gpt2: Architecture<Gpt2Config> = {
  className,
  ...names,

  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const { n_embd: hiddenSize, n_head: heads } = checked;
    return {
      architecture: "gpt2",
      vocabSize: checked.vocab_size,
      hiddenSize,
      intermediateSize: checked.n_inner ?? 4 * hiddenSize,
      layers: checked.n_layer,
      heads,
      kvHeads: heads,
      headSize: headSizeOf(hiddenSize, heads, { hidden: "n_embd", heads: "n_head" }, file),
      contextLength: checked.n_positions,
      activation: activationOf(checked.activation_function),
      normEpsilon: checked.layer_norm_epsilon,
      tiedEmbeddings: checked.tie_word_embeddings,
      initializerRange: checked.initializer_range,
    };
  },

  fields: (config) => ({
    activation_function: activationName(config.activation),
    layer_norm_epsilon: config.normEpsilon,
    n_embd: config.hiddenSize,
    n_head: config.heads,
    n_inner: config.intermediateSize,
    n_layer: config.layers,
    n_positions: config.contextLength,
  }),

  modules(config) {
    const { vocabSize, hiddenSize, intermediateSize, contextLength } = config;
    const conv1d = (name: string, inputs: number, outputs: number, residual = false) =>
      linear(name, inputs, outputs, { bias: true, layout: "in-out", residual });
    const layers = Array.from({ length: config.layers }, (_, i) => {
      const layer = layerName(i);
      return [
        layerNormModule(`${layer}.ln_1`, hiddenSize),
        conv1d(`${layer}.attn.c_attn`, hiddenSize, 3 * hiddenSize),
        conv1d(`${layer}.attn.c_proj`, hiddenSize, hiddenSize, true),
        layerNormModule(`${layer}.ln_2`, hiddenSize),
        conv1d(`${layer}.mlp.c_fc`, hiddenSize, intermediateSize),
        conv1d(`${layer}.mlp.c_proj`, intermediateSize, hiddenSize, true),
      ];
    });
    return [
      embedding(names.embedding, vocabSize, hiddenSize),
      embedding(positions, contextLength, hiddenSize),
      ...layers.flat(),
      layerNormModule(finalNorm, hiddenSize),
      ...(config.tiedEmbeddings ? [] : [linear(names.head, hiddenSize, vocabSize)]),
    ];
  },

  decode(config, network, { tokens, position }, attention) {
    let x = add(network.embed(tokens, names.embedding), network.embed(position, positions));
    for (let i = 0; i < config.layers; i++) {
      const layer = layerName(i);
      const attend = (read: Value) => {
        const rows = network.linear(layerNorm(network, read, `${layer}.ln_1`, config), `${layer}.attn.c_attn`);
        return network.linear(attention(fusedByKind(rows, tokens, config.heads), i), `${layer}.attn.c_proj`);
      };
      const feed = (read: Value) => {
        const normed = layerNorm(network, read, `${layer}.ln_2`, config);
        return feedForward(
          network,
          normed,
          { up: `${layer}.mlp.c_fc`, down: `${layer}.mlp.c_proj` },
          config.activation,
        );
      };
      x = sequentialResidual(x, attend, feed);
    }
    return layerNorm(network, x, finalNorm, config);
  },
};

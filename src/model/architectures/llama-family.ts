import { z } from "zod";
import { inputError } from "../../base/errors.js";
import { mul, type Value } from "../../graph/index.js";
import type { ModelConfig, RotaryConfig } from "../config.js";
import type { PlacedTokens } from "./architecture.js";
import { layerCount, size } from "./config-fields.js";
import { embedding, linear, rmsNormModule, type Module, type Norm } from "./modules.js";
import type { Network } from "./network.js";
import type { Attention, Projections } from "./parts/attention.js";
import { routedFeedForward, routedModules, type Experts } from "./parts/experts.js";
import { fusedGatedFeedForward, gatedFeedForward, type GateActivation } from "./parts/feed-forward.js";
import { fusedByKind, splitHeads } from "./parts/heads.js";
import { rmsNorm } from "./parts/norm.js";
import { parallelResidual, sequentialResidual } from "./parts/residual.js";
import { checkFactors, formatContextLength, formatRope, parseRope, ropeFields } from "./parts/rope-fields.js";
import { rotation, type Rotation } from "./parts/rotary.js";

/*
 * Llama's decoder (Touvron et al. 2023, arXiv 2302.13971), with RMSNorm before attention and feed-forward, rotary positions,
 * grouped queries and a SwiGLU feed-forward, and the variations of other models in its family.
 */

type FamilyConfig = Exclude<ModelConfig, { architecture: "gpt2" | "gpt_neox" }>;

/** A model's differences from Llama. */
export interface FamilyTraits {
  /** Which linear layers have biases. */
  readonly biases?: { readonly projections?: boolean; readonly output?: boolean; readonly feedForward?: boolean };
  /** Whether query, key and value are one fused linear layer, and gate and up projection another. */
  readonly fused?: boolean;
  /** Norms of queries and keys before rotation: per head, or over all heads of a token together. */
  readonly queryKeyNorm?: "each-head" | "all-heads";
  /** Names of the norms of a layer. */
  readonly norms?: LayerNorms;
  /** Kind of the norms. */
  readonly norm?: NormKind;
  readonly activation?: GateActivation;
  /** The experts that replace a layer's feed-forward; undefined: none. */
  readonly experts?: (layer: number) => Experts | undefined;
  /** Rotary settings of a layer; undefined: no rotation. */
  readonly rotary?: (layer: number) => RotaryConfig | undefined;
  /** Whether attention and feed-forward of a layer read the same hidden state. */
  readonly parallel?: boolean;
  /** Multipliers of embeddings, and of branch outputs added to the residual stream. */
  readonly embeddingScale?: number;
  readonly residualScale?: number;
  /** Multiplier of queries · keys, instead of 1/√headSize. */
  readonly scoreScale?: number;
  /** Soft cap of the scores. */
  readonly scoreCap?: number | undefined;
}

/** Modules of a layer's norms: of the inputs of attention and feed-forward, and of their outputs. */
export interface LayerNorms {
  readonly beforeAttention?: string;
  readonly afterAttention?: string;
  readonly beforeFeedForward?: string;
  readonly afterFeedForward?: string;
}

export interface NormKind {
  readonly module: (name: string, size: number) => Norm;
  readonly apply: (network: Network, x: Value, module: string, config: ModelConfig) => Value;
}

const llamaTraits = {
  norms: { beforeAttention: "input_layernorm", beforeFeedForward: "post_attention_layernorm" } as LayerNorms,
  norm: { module: rmsNormModule, apply: rmsNorm } as NormKind,
};

/** Module names of the network's parts. */
export const familyNames = { base: "model", embedding: "model.embed_tokens", head: "lm_head" } as const;

/** Fields of config.json with the same meaning and default in the whole family. */
export const familyFields = {
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  // Two names for one function.
  hidden_act: z.enum(["silu", "swish"]).default("silu"),
  ...ropeFields,
};

const familySchema = z.looseObject({
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  head_dim: size.nullish(),
  ...ropeFields,
  vocab_size: size,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size,
  initializer_range: z.number(),
  tie_word_embeddings: z.boolean(),
});

/** Defaults of {@link parseFamily} that depend on the architecture. */
interface FamilyDefaults {
  /** ε of the norms, if it is not `rms_norm_eps`. */
  readonly normEpsilon?: number;
  /** Default base of the rotary frequencies. Default 10000. */
  readonly ropeTheta?: number;
  /** Default fraction of each head that is rotated; absent: heads are always rotated whole. */
  readonly rotaryFactor?: number;
}

/** Number of a head's elements that are rotated, truncated as in transformers. */
const rotarySize = (headSize: number, { rotaryFactor = 1 }: RotaryConfig) => Math.trunc(headSize * rotaryFactor);

/** Parses the part of the config that the whole family shares. */
export function parseFamily(
  fields: z.infer<typeof familySchema> & { rms_norm_eps?: number },
  file: string,
  defaults: FamilyDefaults = {},
) {
  const heads = fields.num_attention_heads;
  const kvHeads = fields.num_key_value_heads ?? heads;
  const headSize = fields.head_dim ?? fields.hidden_size / heads;
  if (heads % kvHeads !== 0) {
    throw inputError({ file }, `num_key_value_heads = ${kvHeads}`, `a divisor of num_attention_heads = ${heads}`);
  }
  if (headSize % 2 !== 0) {
    throw inputError({ file }, `heads of ${headSize} elements`, "an even number, for rotary embeddings (head_dim)");
  }
  const { rotary, partialRotaryFactor, contextLength } = parseRope(fields, file, defaults.ropeTheta);
  if (defaults.rotaryFactor === undefined && (partialRotaryFactor ?? 1) !== 1) {
    throw inputError({ file }, `partial_rotary_factor = ${partialRotaryFactor}`, "1");
  }
  const rotaryFactor = defaults.rotaryFactor === undefined ? undefined : (partialRotaryFactor ?? defaults.rotaryFactor);
  const whole: RotaryConfig = rotaryFactor === undefined ? rotary : { ...rotary, rotaryFactor };
  const rotated = rotarySize(headSize, whole);
  if (rotated === 0 || rotated % 2 !== 0) {
    throw inputError(
      { file },
      `${rotated} of ${headSize} elements of a head to rotate`,
      "an even number (partial_rotary_factor)",
    );
  }
  checkFactors(rotary, rotated, file);
  return {
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    contextLength,
    ...whole,
    normEpsilon: defaults.normEpsilon ?? fields.rms_norm_eps!,
    tiedEmbeddings: fields.tie_word_embeddings,
    initializerRange: fields.initializer_range,
  };
}

/** The fields of config.json that the whole family shares. */
export function formatFamily(config: FamilyConfig): Record<string, unknown> {
  return {
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: formatContextLength(config),
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.normEpsilon,
    ...formatRope(config),
  };
}

const layerName = (i: number) => `${familyNames.base}.layers.${i}`;
const finalNorm = `${familyNames.base}.norm`;

export function familyModules(config: FamilyConfig, traits: FamilyTraits = {}): Module[] {
  const { hiddenSize, headSize } = config;
  const { norms, norm, queryKeyNorm } = { ...llamaTraits, ...traits };
  const layers = Array.from({ length: config.layers }, (_, i) => {
    const layer = layerName(i);
    const normModule = (name: string | undefined) =>
      name === undefined ? [] : [norm.module(`${layer}.${name}`, hiddenSize)];
    const normOf = (name: string, heads: number) =>
      queryKeyNorm
        ? [norm.module(`${layer}.self_attn.${name}`, queryKeyNorm === "each-head" ? headSize : heads * headSize)]
        : [];
    return [
      ...normModule(norms.beforeAttention),
      ...attentionModules(config, `${layer}.self_attn`, traits),
      ...normOf("q_norm", config.heads),
      ...normOf("k_norm", config.kvHeads),
      ...normModule(norms.afterAttention),
      // Attention and feed-forward may share one norm.
      ...(norms.beforeFeedForward === norms.beforeAttention ? [] : normModule(norms.beforeFeedForward)),
      ...feedForwardModules(config, layer, traits, traits.experts?.(i)),
      ...normModule(norms.afterFeedForward),
    ];
  });
  return [
    embedding(familyNames.embedding, config.vocabSize, hiddenSize),
    ...layers.flat(),
    norm.module(finalNorm, hiddenSize),
    ...(config.tiedEmbeddings ? [] : [linear(familyNames.head, hiddenSize, config.vocabSize)]),
  ];
}

function attentionModules(
  { hiddenSize, heads, kvHeads, headSize }: FamilyConfig,
  name: string,
  { biases, fused }: FamilyTraits,
): Module[] {
  const bias = biases?.projections ?? false;
  const output = linear(`${name}.o_proj`, heads * headSize, hiddenSize, {
    bias: biases?.output ?? false,
    residual: true,
  });
  if (fused) return [linear(`${name}.qkv_proj`, hiddenSize, (heads + 2 * kvHeads) * headSize, { bias }), output];
  return [
    linear(`${name}.q_proj`, hiddenSize, heads * headSize, { bias }),
    linear(`${name}.k_proj`, hiddenSize, kvHeads * headSize, { bias }),
    linear(`${name}.v_proj`, hiddenSize, kvHeads * headSize, { bias }),
    output,
  ];
}

function feedForwardModules(
  { hiddenSize, intermediateSize }: FamilyConfig,
  layer: string,
  { biases, fused }: FamilyTraits,
  experts: Experts | undefined,
): Module[] {
  if (experts) return routedModules(experts, layer, hiddenSize);
  const name = `${layer}.mlp`;
  const bias = biases?.feedForward ?? false;
  const down = linear(`${name}.down_proj`, intermediateSize, hiddenSize, { bias, residual: true });
  if (fused) return [linear(`${name}.gate_up_proj`, hiddenSize, 2 * intermediateSize, { bias }), down];
  return [
    linear(`${name}.gate_proj`, hiddenSize, intermediateSize, { bias }),
    linear(`${name}.up_proj`, hiddenSize, intermediateSize, { bias }),
    down,
  ];
}

/** The decoder of {@link Architecture}, assembled according to the traits. */
export function decodeFamily(
  config: FamilyConfig,
  network: Network,
  { tokens, position, positions }: PlacedTokens,
  attention: Attention,
  traits: FamilyTraits = {},
): Value {
  const {
    norms,
    norm,
    rotary = () => config,
    embeddingScale = 1,
    residualScale = 1,
    scoreCap,
  } = { ...llamaTraits, ...traits };
  const queryScale = traits.scoreScale === undefined ? 1 : traits.scoreScale * Math.sqrt(config.headSize);
  const residual = traits.parallel ? parallelResidual : sequentialResidual;
  const turnOf = rotationOfLayer(rotary, (of) => rotation(of, rotarySize(config.headSize, of), position, positions));
  let x = mul(network.embed(tokens, familyNames.embedding), embeddingScale);
  for (let i = 0; i < config.layers; i++) {
    const layer = layerName(i);
    const turn = turnOf(i);
    const normed = (value: Value, name: string | undefined) =>
      name === undefined ? value : norm.apply(network, value, `${layer}.${name}`, config);
    const attend = (read: Value) => {
      const { query, key, value } = project(
        config,
        network,
        normed(read, norms.beforeAttention),
        tokens,
        `${layer}.self_attn`,
        traits,
      );
      const mixed = attention({ query: mul(turn(query), queryScale), key: turn(key), value, scoreCap }, i);
      return mul(normed(network.linear(mixed, `${layer}.self_attn.o_proj`), norms.afterAttention), residualScale);
    };
    const feed = (read: Value) => {
      const fed = feedForward(network, normed(read, norms.beforeFeedForward), layer, traits, traits.experts?.(i));
      return mul(normed(fed, norms.afterFeedForward), residualScale);
    };
    x = residual(x, attend, feed);
  }
  return norm.apply(network, x, finalNorm, config);
}

/** Layers with the same rotary settings share one rotation. */
function rotationOfLayer(
  rotary: (layer: number) => RotaryConfig | undefined,
  build: (rotary: RotaryConfig) => Rotation,
): (layer: number) => Rotation {
  const rotations = new Map<RotaryConfig, Rotation>();
  return (layer) => {
    const of = rotary(layer);
    if (of === undefined) return (x) => x;
    if (!rotations.has(of)) rotations.set(of, build(of));
    return rotations.get(of)!;
  };
}

/** Queries, keys and values of hidden states [rows, hidden], before rotation. */
function project(
  config: FamilyConfig,
  network: Network,
  x: Value,
  tokens: Value,
  name: string,
  traits: FamilyTraits,
): Projections {
  const { heads, kvHeads } = config;
  const { norm, queryKeyNorm } = { ...llamaTraits, ...traits };
  if (traits.fused) return fusedByKind(network.linear(x, `${name}.qkv_proj`), tokens, heads, kvHeads);
  const normed = (value: Value, of: string, when: FamilyTraits["queryKeyNorm"]) =>
    queryKeyNorm === when ? norm.apply(network, value, `${name}.${of}`, config) : value;
  const headsOf = (of: "q" | "k", count: number) => {
    const rows = normed(network.linear(x, `${name}.${of}_proj`), `${of}_norm`, "all-heads");
    return normed(splitHeads(rows, tokens, count), `${of}_norm`, "each-head");
  };
  return {
    query: headsOf("q", heads),
    key: headsOf("k", kvHeads),
    value: splitHeads(network.linear(x, `${name}.v_proj`), tokens, kvHeads),
  };
}

function feedForward(
  network: Network,
  x: Value,
  layer: string,
  { fused, activation }: FamilyTraits,
  experts: Experts | undefined,
): Value {
  if (experts) return routedFeedForward(network, x, layer, experts);
  const name = `${layer}.mlp`;
  if (fused) return fusedGatedFeedForward(network, x, { gateUp: `${name}.gate_up_proj`, down: `${name}.down_proj` });
  return gatedFeedForward(
    network,
    x,
    { gate: `${name}.gate_proj`, up: `${name}.up_proj`, down: `${name}.down_proj` },
    activation,
  );
}

import type { Random } from "../base/random.js";
import { sizeOf, tensor, type Shape, type Tensor } from "../graph/tensor.js";
import type { ModelConfig } from "./config.js";

/** The parameters of a model under their Hugging Face names, in the order of the layers. */
export type Parameters = ReadonlyMap<string, Tensor<"float32">>;

/** Names of the parameters of layer `i`. */
export function layerNames(i: number) {
  const layer = `model.layers.${i}`;
  return {
    attentionNorm: `${layer}.input_layernorm.weight`,
    query: `${layer}.self_attn.q_proj.weight`,
    key: `${layer}.self_attn.k_proj.weight`,
    value: `${layer}.self_attn.v_proj.weight`,
    output: `${layer}.self_attn.o_proj.weight`,
    feedForwardNorm: `${layer}.post_attention_layernorm.weight`,
    gate: `${layer}.mlp.gate_proj.weight`,
    up: `${layer}.mlp.up_proj.weight`,
    down: `${layer}.mlp.down_proj.weight`,
  };
}

export const embeddingName = "model.embed_tokens.weight";
export const finalNormName = "model.norm.weight";
export const headName = "lm_head.weight";

/** Shape of every parameter; a linear layer's weight is [out, in], as on disk. */
export function parameterShapes(config: ModelConfig): ReadonlyMap<string, Shape> {
  const { vocabSize, hiddenSize, intermediateSize, heads, kvHeads, headSize } = config;
  const shapes = new Map<string, Shape>([[embeddingName, [vocabSize, hiddenSize]]]);
  for (let i = 0; i < config.layers; i++) {
    const names = layerNames(i);
    shapes.set(names.attentionNorm, [hiddenSize]);
    shapes.set(names.query, [heads * headSize, hiddenSize]);
    shapes.set(names.key, [kvHeads * headSize, hiddenSize]);
    shapes.set(names.value, [kvHeads * headSize, hiddenSize]);
    shapes.set(names.output, [hiddenSize, heads * headSize]);
    shapes.set(names.feedForwardNorm, [hiddenSize]);
    shapes.set(names.gate, [intermediateSize, hiddenSize]);
    shapes.set(names.up, [intermediateSize, hiddenSize]);
    shapes.set(names.down, [hiddenSize, intermediateSize]);
  }
  shapes.set(finalNormName, [hiddenSize]);
  if (!config.tiedEmbeddings) shapes.set(headName, [vocabSize, hiddenSize]);
  return shapes;
}

/** Number of trainable numbers of a model. */
export function parameterCount(config: ModelConfig): number {
  return [...parameterShapes(config).values()].reduce((count, shape) => count + sizeOf(shape), 0);
}

/**
 * Fresh parameters: matrices from N(0, initializerRange²), with the matrices that write into the
 * residual stream scaled down by √(2·layers) as in GPT-2, norms at 1.
 */
export function initialParameters(config: ModelConfig, random: Random): Parameters {
  const parameters = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of parameterShapes(config)) {
    const residual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    const deviation = config.initializerRange / (residual ? Math.sqrt(2 * config.layers) : 1);
    const draws = random.fork(name);
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = shape.length === 1 ? 1 : deviation * draws.normal();
    parameters.set(name, tensor(shape, data));
  }
  return parameters;
}

import { add, gather, mul, reshape, rmsNorm, silu, type Graph, type Value } from "../graph/index.js";
import { attend, causal, linear, project, rotaryTables, type Projections } from "./attention.js";
import type { ModelConfig } from "./config.js";
import { embeddingName, finalNormName, headName, layerNames, parameterShapes } from "./parameters.js";

/** A model's parameters as leaves of a graph; they are read from the state that a run is given. */
export type Weights = (name: string) => Value;

/** The parameters as state leaves of `graph`, under their own names. */
export function stateWeights(graph: Graph, config: ModelConfig): Weights {
  const shapes = parameterShapes(config);
  return (name) => graph.state(name, "float32", shapes.get(name)!);
}

/** How layer `layer` attends: over the tokens themselves, or over a cache of earlier ones. */
export type Attention = (projections: Projections, layer: number) => Value;

/**
 * The transformer without its head: Llama's decoder (Touvron et al. 2023, arXiv 2302.13971).
 *
 * @param tokens int32 [batch, length]
 * @param position int32 [batch, length], each below `config.contextLength`
 * @returns normed hidden states [batch·length, hidden]
 */
export function decode(config: ModelConfig, weights: Weights, tokens: Value, position: Value, attention: Attention): Value {
  const tables = rotaryTables(config, tokens.graph);
  let x = reshape(gather(weights(embeddingName), tokens), [-1, config.hiddenSize]);
  for (let i = 0; i < config.layers; i++) {
    const names = layerNames(i);
    const norm = (name: string) => rmsNorm(x, weights(name), config.normEpsilon);
    const projections = project(config, norm(names.attentionNorm), position, tables, {
      query: weights(names.query),
      key: weights(names.key),
      value: weights(names.value),
    });
    x = add(x, linear(attention(projections, i), weights(names.output)));
    const normed = norm(names.feedForwardNorm);
    const gated = mul(silu(linear(normed, weights(names.gate))), linear(normed, weights(names.up)));
    x = add(x, linear(gated, weights(names.down)));
  }
  return rmsNorm(x, weights(finalNormName), config.normEpsilon);
}

/**
 * Hidden states of whole sequences that start at position 0. Rows are padded at their ends: no real
 * token can look at what follows it, so padding changes nothing.
 *
 * @param tokens int32 [batch, length]
 * @param keep is given each layer's projections, for filling a cache
 */
export function decodeSequences(
  config: ModelConfig,
  weights: Weights,
  tokens: Value,
  keep: (projections: Projections, layer: number) => void = () => {},
): Value {
  const [batch, length] = tokens.shape as [number, number];
  const places = Int32Array.from({ length: batch * length }, (_, i) => i % length);
  const position = tokens.graph.constant({ dtype: "int32", shape: [batch, length], data: places });
  const unseen = causal(tokens, length);
  return decode(config, weights, tokens, position, (projections, layer) => {
    keep(projections, layer);
    return attend(projections.query, projections.key, projections.value, unseen);
  });
}

/** Logits over the vocabulary for rows of hidden states: [rows, vocab]. */
export function head(config: ModelConfig, weights: Weights, hidden: Value): Value {
  return linear(hidden, weights(config.tiedEmbeddings ? embeddingName : headName));
}

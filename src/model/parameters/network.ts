import {
  add,
  dequantize,
  gather,
  matmul,
  matmulQuantized,
  reshape,
  type Graph,
  type Value,
} from "../../graph/index.js";
import type { Network } from "../architectures/network.js";
import type { ModelConfig } from "../config.js";
import type { LoraDropout } from "./lora/dropout.js";
import { loraLayers, loraResult, loraScale } from "./lora/lora.js";
import { linearLayers, parameterShapes } from "./parameters.js";
import { blockShapes, quantizedNames, quantizedWeights } from "./quantization/quantized-weights.js";

/**
 * The parameters as state leaves of `graph`, under their own names; a run reads them from the state it is given.
 *
 * @param dropout of the adapter's inputs, for training
 */
export function stateWeights(graph: Graph, config: ModelConfig, dropout?: LoraDropout): Network {
  const shapes = parameterShapes(config);
  const layers = new Map(linearLayers(config).map((layer) => [layer.name, layer]));
  const { adapter } = config;
  const adapted = new Set(adapter ? loraLayers(config, adapter).map(({ name }) => name) : []);
  const quantized = quantizedWeights(config);
  const weight = (name: string) => graph.state(name, "float32", shapes.get(name)!);
  const blocksOf = (name: string) => {
    const found = quantized.get(name);
    if (found === undefined) return undefined;
    const [names, sizes] = [quantizedNames(name), blockShapes(found)];
    return {
      bits: found.bits,
      blocks: graph.state(names.blocks, "uint8", sizes.blocks),
      scales: graph.state(names.scales, "float32", sizes.scales),
    };
  };
  const times = (x: Value, name: string, transposeB: boolean) => {
    const held = blocksOf(name);
    return held ? matmulQuantized(x, held.blocks, held.scales, held.bits) : matmul(x, weight(name), { transposeB });
  };
  return {
    weight,
    embed(ids, name) {
      const parameter = `${name}.weight`;
      const held = blocksOf(parameter);
      const rows = held
        ? dequantize(gather(held.blocks, ids), gather(held.scales, ids), held.bits)
        : gather(weight(parameter), ids);
      return reshape(rows, [-1, rows.shape.at(-1)!]);
    },
    unembed: (x, name) => times(x, `${name}.weight`, true),
    linear(x, name) {
      const layer = layers.get(name)!;
      const product = times(x, `${name}.weight`, layer.layout === "out-in");
      const result = layer.bias ? add(product, weight(`${name}.bias`)) : product;
      if (!adapter || !adapted.has(name)) return result;
      const learned = dropout
        ? loraResult(graph, dropout.drop(x, layer), layer, adapter, loraScale(adapter) * dropout.scale)
        : loraResult(graph, x, layer, adapter);
      return add(result, learned);
    },
  };
}

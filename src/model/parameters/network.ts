import { add, matmul, type Graph } from "../../graph/index.js";
import type { Network } from "../architectures/network.js";
import type { ModelConfig } from "../config.js";
import type { LoraDropout } from "./lora/dropout.js";
import { loraLayers, loraResult, loraScale } from "./lora/lora.js";
import { linearLayers, parameterShapes } from "./parameters.js";

/**
 * The parameters as state leaves of `graph`, under their own names; they are read from the state that a run is given.
 *
 * @param dropout of the adapter's inputs, where the network is trained
 */
export function stateWeights(graph: Graph, config: ModelConfig, dropout?: LoraDropout): Network {
  const shapes = parameterShapes(config);
  const layers = new Map(linearLayers(config).map((layer) => [layer.name, layer]));
  const { adapter } = config;
  const adapted = new Set(adapter ? loraLayers(config, adapter).map(({ name }) => name) : []);
  const weight = (name: string) => graph.state(name, "float32", shapes.get(name)!);
  return {
    weight,
    linear(x, name) {
      const layer = layers.get(name)!;
      const product = matmul(x, weight(`${name}.weight`), { transposeB: layer.layout === "out-in" });
      const result = layer.bias ? add(product, weight(`${name}.bias`)) : product;
      if (!adapter || !adapted.has(name)) return result;
      const learned = dropout
        ? loraResult(graph, dropout.drop(x, layer), layer, adapter, loraScale(adapter) * dropout.scale)
        : loraResult(graph, x, layer, adapter);
      return add(result, learned);
    },
  };
}

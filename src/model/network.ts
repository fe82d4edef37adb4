import { add, matmul, type Graph } from "../graph/index.js";
import type { Network } from "./architectures/architecture.js";
import type { ModelConfig } from "./config.js";
import { loraLayers, loraResult } from "./lora.js";
import { linearLayers, parameterShapes } from "./parameters.js";

/** The parameters as state leaves of `graph`, under their own names; they are read from the state that a run is given. */
export function stateWeights(graph: Graph, config: ModelConfig): Network {
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
      return adapter && adapted.has(name) ? add(result, loraResult(graph, x, layer, adapter)) : result;
    },
  };
}

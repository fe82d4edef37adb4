import type { Random } from "../../base/random.js";
import { sizeOf, tensor, type Shape, type Tensor } from "../../graph/tensor.js";
import { architectureOf } from "../architectures/index.js";
import { biasShape, weightShape, type LinearLayer } from "../architectures/modules.js";
import type { ModelConfig } from "../config.js";

/** The parameters of a model under their Hugging Face names, in layer order. */
export type Parameters = ReadonlyMap<string, Tensor<"float32">>;

/** Name of the token embedding, which is also the head of a model with tied embeddings. */
export const embeddingName = (config: ModelConfig) => `${architectureOf(config).embedding}.weight`;
/** Name of the head of a model with untied embeddings. */
export const headName = (config: ModelConfig) => `${architectureOf(config).head}.weight`;

/** Shape of every parameter, as on disk. */
export function parameterShapes(config: ModelConfig): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const module of architectureOf(config).modules(config)) {
    shapes.set(`${module.name}.weight`, weightShape(module));
    const bias = biasShape(module);
    if (bias !== undefined) shapes.set(`${module.name}.bias`, bias);
  }
  return shapes;
}

/**
 * All linear layers of a model, in layer order: an adapter can be added to any of them. The last part of a name (`q_proj`,
 * `query_key_value`, `c_attn`) is what PEFT calls a target module. An untied head comes last; a tied head is not included,
 * because its matrix is the embedding's.
 */
export function linearLayers(config: ModelConfig): LinearLayer[] {
  return architectureOf(config)
    .modules(config)
    .filter((module) => module.kind === "linear");
}

/** Number of trainable parameters of a model. */
export function parameterCount(config: ModelConfig): number {
  return [...parameterShapes(config).values()].reduce((count, shape) => count + sizeOf(shape), 0);
}

/**
 * Fresh parameters: matrices from N(0, initializerRange²), with those that write into the residual stream scaled down by
 * √(2·layers) as in GPT-2; norms at the value that scales by 1; biases at 0.
 */
export function initialParameters(config: ModelConfig, random: Random): Parameters {
  const parameters = new Map<string, Tensor<"float32">>();
  for (const module of architectureOf(config).modules(config)) {
    const name = `${module.name}.weight`;
    const shape = weightShape(module);
    const data = new Float32Array(sizeOf(shape));
    if (module.kind === "norm") {
      data.fill(module.one);
    } else {
      const residual = module.kind === "linear" && module.residual;
      const deviation = config.initializerRange / (residual ? Math.sqrt(2 * config.layers) : 1);
      const draws = random.fork(name);
      for (let i = 0; i < data.length; i++) data[i] = deviation * draws.normal();
    }
    parameters.set(name, tensor(shape, data));
    const bias = biasShape(module);
    if (bias !== undefined) parameters.set(`${module.name}.bias`, tensor(bias, new Float32Array(sizeOf(bias))));
  }
  return parameters;
}

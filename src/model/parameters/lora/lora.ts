import { InputError, quote } from "../../../base/errors.js";
import type { Random } from "../../../base/random.js";
import { matmul, mul, type Graph, type Value } from "../../../graph/index.js";
import { tensor, type Shape, type Tensor } from "../../../graph/tensor.js";
import type { LinearLayer } from "../../architectures/modules.js";
import type { LoraConfig, ModelConfig } from "../../config.js";
import { linearLayers, parameterShapes, type Parameters } from "../parameters.js";

/*
 * LoRA (Hu et al. 2022, arXiv 2106.09685): a linear layer W is frozen, and (α/r)·B·A is learned and added to it, with A [r,
 * inputs] and B [outputs, r]. Names and initialisation follow PEFT.
 */

/**
 * Every linear layer except the head, routers and experts, like PEFT's "all-linear" (in transformers 5 experts are not linear
 * layers).
 */
export const allLinear = ["*"] as const;

/** Names of the adapter's two matrices in a state. */
export const loraNames = (layer: string) => ({ a: `${layer}.lora_A.weight`, b: `${layer}.lora_B.weight` });

/** Scale of an adapter's output. */
export function loraScale({ rank, alpha, rsLora = false }: LoraConfig): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank);
}

/**
 * The layers that an adapter is added to, in model order. An untied head, routers and experts are included only if named without
 * a star.
 *
 * @throws InputError if the rank is not a whole number of at least 1, dropout is not in [0, 1), or a target matches no layer
 */
export function loraLayers(config: ModelConfig, { rank, targets, dropout = 0 }: LoraConfig): LinearLayer[] {
  if (!(Number.isInteger(rank) && rank >= 1))
    throw new InputError(`lora: found rank ${rank}, expected a whole number from 1`);
  if (!(dropout >= 0 && dropout < 1))
    throw new InputError(`lora: found dropout ${dropout}, expected a share in [0, 1)`);
  const layers = linearLayers(config);
  const isHead = ({ name }: LinearLayer) => !config.tiedEmbeddings && name === layers.at(-1)!.name;
  const onlyByName = (layer: LinearLayer) => layer.routed !== false || isHead(layer);
  const named = (layer: LinearLayer) =>
    targets.some((target) => isTarget(target, layer.name) && !(onlyByName(layer) && target.includes("*")));
  for (const target of targets) {
    if (layers.some(({ name }) => isTarget(target, name))) continue;
    const known = [...new Set(layers.map(({ name }) => name.split(".").at(-1)))].join(", ");
    throw new InputError(`lora: found target ${quote(target)}, expected the end of a linear layer's name: ${known}`);
  }
  const found = layers.filter(named);
  if (found.length === 0) throw new InputError("lora: no targets given; name at least one");
  return found;
}

/**
 * Whether a target, as PEFT reads it, matches a layer: by its whole name, or by its end after a dot; `*` is any text. Runs in
 * time proportional to the name's length, unlike a regular expression with many `*`.
 */
function isTarget(target: string, name: string): boolean {
  const [first, ...rest] = target.split("*") as [string, ...string[]];
  const last = rest.pop();
  const starts = [0, ...Array.from(name.matchAll(/\./g), ({ index }) => index + 1)].filter((start) =>
    name.startsWith(first, start),
  );
  if (last === undefined) return starts.some((start) => start + first.length === name.length);
  // The first of several possible positions of a part leaves the most room for the following parts.
  let at = starts[0] === undefined ? -1 : starts[0] + first.length;
  for (const part of rest) {
    if (at === -1) return false;
    const found = name.indexOf(part, at);
    at = found === -1 ? -1 : found + part.length;
  }
  return at !== -1 && name.endsWith(last) && at <= name.length - last.length;
}

/** Shapes of all trained parameters: the adapter's if there is one, otherwise the model's. */
export function trainedShapes(config: ModelConfig): ReadonlyMap<string, Shape> {
  return config.adapter ? loraShapes(config, config.adapter) : parameterShapes(config);
}

/** Shapes of an adapter's matrices by name. */
export function loraShapes(config: ModelConfig, lora: LoraConfig): ReadonlyMap<string, Shape> {
  return new Map(
    loraLayers(config, lora).flatMap(({ name, inputs, outputs }): [string, Shape][] => {
      const { a, b } = loraNames(name);
      return [
        [a, [lora.rank, inputs]],
        [b, [outputs, lora.rank]],
      ];
    }),
  );
}

/** A fresh adapter, which leaves the model's output unchanged: A uniform in ±1/√inputs, B zero. */
export function initialLora(config: ModelConfig, lora: LoraConfig, random: Random): Parameters {
  const parameters = new Map<string, Tensor<"float32">>();
  for (const { name, inputs, outputs } of loraLayers(config, lora)) {
    const { a, b } = loraNames(name);
    const draws = random.fork(a);
    const bound = 1 / Math.sqrt(inputs);
    const start = Float32Array.from({ length: lora.rank * inputs }, () => bound * (2 * draws.uniform() - 1));
    parameters.set(a, tensor([lora.rank, inputs], start));
    parameters.set(b, tensor([outputs, lora.rank], new Float32Array(outputs * lora.rank)));
  }
  return parameters;
}

/**
 * Computes an adapter's contribution to the output of a linear layer.
 *
 * @param x [rows, inputs]
 * @param scale of the contribution. Default: {@link loraScale}
 * @returns [rows, outputs]
 */
export function loraResult(
  graph: Graph,
  x: Value,
  { name, inputs, outputs }: LinearLayer,
  lora: LoraConfig,
  scale = loraScale(lora),
): Value {
  const { a, b } = loraNames(name);
  const down = matmul(x, graph.state(a, "float32", [lora.rank, inputs]), { transposeB: true });
  return matmul(mul(down, scale), graph.state(b, "float32", [outputs, lora.rank]), { transposeB: true });
}

/** Merges an adapter into a model's parameters: its matrices are added to those of the layers. */
export function mergeLora(config: ModelConfig, lora: LoraConfig, base: Parameters, adapter: Parameters): Parameters {
  return withLora(config, lora, base, adapter, loraScale(lora));
}

/** The inverse of {@link mergeLora}, up to rounding. */
export function unmergeLora(
  config: ModelConfig,
  lora: LoraConfig,
  merged: Parameters,
  adapter: Parameters,
): Parameters {
  return withLora(config, lora, merged, adapter, -loraScale(lora));
}

function withLora(
  config: ModelConfig,
  lora: LoraConfig,
  base: Parameters,
  adapter: Parameters,
  scale: number,
): Parameters {
  const merged = new Map(base);
  for (const { name, inputs, outputs, layout } of loraLayers(config, lora)) {
    const [a, b] = [adapter.get(loraNames(name).a)!.data, adapter.get(loraNames(name).b)!.data];
    const weight = base.get(`${name}.weight`)!;
    const data = weight.data.slice();
    for (let out = 0; out < outputs; out++) {
      for (let into = 0; into < inputs; into++) {
        let sum = 0;
        for (let r = 0; r < lora.rank; r++) sum += b[out * lora.rank + r]! * a[r * inputs + into]!;
        data[layout === "out-in" ? out * inputs + into : into * outputs + out]! += scale * sum;
      }
    }
    merged.set(`${name}.weight`, tensor(weight.shape, data));
  }
  return merged;
}

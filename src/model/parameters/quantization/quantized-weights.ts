import { InputError, quote } from "../../../base/errors.js";
import { didYouMean } from "../../../base/nearest.js";
import { blockBytes, blockSize, type BlockBits } from "../../../graph/index.js";
import { sizeOf, type Shape } from "../../../graph/tensor.js";
import { architectureOf } from "../../architectures/index.js";
import type { ModelConfig, QuantizedWeights } from "../../config.js";
import { parameterShapes } from "../parameters.js";

/** A parameter stored in blocks, as [outputs, inputs] whatever its layout on disk. */
export interface QuantizedWeight {
  readonly bits: BlockBits;
  /** Rows: outputs of a linear layer, tokens of an embedding. */
  readonly outputs: number;
  /** Numbers per row; a multiple of 32. */
  readonly inputs: number;
  /** Whether it is [inputs, outputs] on disk. */
  readonly transposed: boolean;
}

/** Names of a quantised parameter's two tensors in a state. */
export const quantizedNames = (parameter: string) => ({ blocks: `${parameter}.blocks`, scales: `${parameter}.scales` });

/**
 * The parameters that a model stores in blocks, by name: the weights of all linear layers and the token embedding, which is also
 * a tied head. Norms, biases, position embeddings and routers stay in float32: they are small, and a rounding error in a router
 * may select a different expert.
 *
 * @throws InputError if the block size does not divide a layer's inputs
 */
export function quantizedWeights(config: ModelConfig): ReadonlyMap<string, QuantizedWeight> {
  const { weights } = config;
  if (weights === undefined) return new Map();
  const { embedding, head, modules } = architectureOf(config);
  const found = new Map<string, QuantizedWeight>();
  for (const module of modules(config)) {
    const bits = weights === "int8" || module.name === head || module.name === embedding ? 8 : 4;
    if (module.kind === "linear" && module.routed === "router") continue;
    if (module.kind === "linear") {
      const { name, outputs, inputs, layout } = module;
      found.set(`${name}.weight`, {
        bits,
        outputs,
        inputs: wholeBlocks(inputs, name, weights),
        transposed: layout === "in-out",
      });
    } else if (module.name === embedding && module.kind === "embedding") {
      const { name, rows, size } = module;
      found.set(`${name}.weight`, { bits, outputs: rows, inputs: wholeBlocks(size, name, weights), transposed: false });
    }
  }
  return found;
}

function wholeBlocks(inputs: number, module: string, weights: QuantizedWeights): number {
  if (inputs % blockSize === 0) return inputs;
  throw new InputError(
    `weights: ${weights} holds rows in blocks of ${blockSize} numbers, but those of ${module} have ${inputs}; leave weights out`,
  );
}

/** Returns a config with its matrices quantised differently. */
export function withWeights(config: ModelConfig, weights: QuantizedWeights | undefined): ModelConfig {
  return weights === undefined ? config : { ...config, weights };
}

/** Shapes of the two tensors that store a quantised parameter. */
export function blockShapes({ bits, outputs, inputs }: QuantizedWeight): {
  readonly blocks: Shape;
  readonly scales: Shape;
} {
  const scales = [outputs, inputs / blockSize];
  return { blocks: [...scales, blockBytes(bits)], scales };
}

/** Bytes of a model's parameters as stored, without an adapter's. */
export function heldParameterBytes(config: ModelConfig): number {
  const quantized = quantizedWeights(config);
  return [...parameterShapes(config)].reduce((sum, [name, shape]) => {
    const weight = quantized.get(name);
    if (weight === undefined) return sum + 4 * sizeOf(shape);
    const { blocks, scales } = blockShapes(weight);
    return sum + sizeOf(blocks) + 4 * sizeOf(scales);
  }, 0);
}

/**
 * Checks that the trained parameters are not quantised.
 *
 * @throws InputError if they are
 */
export function requireTrainable({ weights, adapter }: ModelConfig): void {
  if (weights === undefined || adapter) return;
  throw new InputError(
    `weights: the matrices of a model in ${weights} cannot be trained; train adapters (lora: { rank: 16 }, --lora-rank 16), or leave weights out`,
  );
}

const names = ["float32", "int8", "int4"] as const;

/** Names of the ways to store matrices, including the default. */
export type WeightsName = (typeof names)[number];
export const weightsNames: readonly WeightsName[] = names;

/**
 * Returns the quantisation with the given name.
 *
 * @throws InputError if there is none of that name
 */
export function weightsNamed(given: unknown): QuantizedWeights | undefined {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found === "float32" ? undefined : found;
  throw new InputError(
    `weights: found ${quote(given)}, expected one of ${names.join(", ")}${didYouMean(given, names)}`,
  );
}

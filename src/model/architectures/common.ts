import { z } from "zod";
import { inputError } from "../../base/errors.js";
import { gather, gelu, geluTanh, layerNorm, reshape, type Value } from "../../graph/index.js";
import type { Activation, ModelConfig } from "../config.js";
import type { Network } from "./architecture.js";

/* What several architectures share: fields of config.json, and small pieces of the network. */

/** A size in config.json. */
export const size = z.int().positive();

/** Fields that all configs have; fields that no schema names do not change the network. */
export const commonFields = <Name extends string>(modelType: Name, className: string, tiedByDefault = false) => ({
  architectures: z.tuple([z.literal(className)]).nullish(),
  model_type: z.literal(modelType),
  vocab_size: size,
  initializer_range: z.number().nonnegative().default(0.02),
  tie_word_embeddings: z.boolean().default(tiedByDefault),
  quantization_config: z.null().optional(),
});

/** The activations of feed-forwards without a gate, by the names of transformers. */
export const activationField = z.enum(["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"]);

/** The function that transformers computes under a name; all but "gelu" are one. */
export function activationOf(name: z.infer<typeof activationField>): Activation {
  return name === "gelu" ? "gelu" : "gelu-tanh";
}

/** The name that transformers has for an activation. */
export const activationName = (activation: Activation) => (activation === "gelu" ? "gelu" : "gelu_new");

/** Size of a head where the heads together are as wide as the model. */
export function headSizeOf(hiddenSize: number, heads: number, names: { hidden: string; heads: string }, file: string): number {
  if (hiddenSize % heads !== 0) throw inputError({ file }, `${names.heads} = ${heads}`, `a divisor of ${names.hidden} = ${hiddenSize}`);
  return hiddenSize / heads;
}

/** Rows of an embedding for token ids or positions [batch, length]: [batch·length, size]. */
export function embed(network: Network, module: string, ids: Value): Value {
  const table = network.weight(`${module}.weight`);
  return reshape(gather(table, ids), [-1, table.shape[1]!]);
}

/** LayerNorm by its module's name. */
export function norm(network: Network, x: Value, module: string, { normEpsilon }: ModelConfig): Value {
  return layerNorm(x, network.weight(`${module}.weight`), network.weight(`${module}.bias`), normEpsilon);
}

export const activate = (x: Value, activation: Activation) => (activation === "gelu" ? gelu(x) : geluTanh(x));

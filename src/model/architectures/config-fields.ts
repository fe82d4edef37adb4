import { z } from "zod";
import { inputError } from "../../base/errors.js";
import type { Activation } from "../config.js";

/* Fields of config.json that several architectures share. */

/** A size in config.json. */
export const size = z.int().positive();

/**
 * A number of layers, at most 10,000; the largest published models have around a hundred. Bounded here, because some
 * architectures list a property of each layer as they parse their fields.
 */
export const layerCount = size.max(10_000);

/** Fields that all configs have; unlisted fields do not affect the network. */
export const commonFields = <Name extends string>(modelType: Name, className: string, tiedByDefault = false) => ({
  architectures: z.tuple([z.literal(className)]).nullish(),
  model_type: z.literal(modelType),
  vocab_size: size,
  initializer_range: z.number().nonnegative().default(0.02),
  tie_word_embeddings: z.boolean().default(tiedByDefault),
  quantization_config: z.null().optional(),
});

/** Activations of feed-forwards without a gate, by their names in transformers. */
export const activationField = z.enum(["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"]);

/** The function that transformers computes under a name; all except "gelu" are the same. */
export function activationOf(name: z.infer<typeof activationField>): Activation {
  return name === "gelu" ? "gelu" : "gelu-tanh";
}

/** The name of an activation in transformers. */
export const activationName = (activation: Activation) => (activation === "gelu" ? "gelu" : "gelu_new");

/** Size of a head if all heads together are as wide as the model. */
export function headSizeOf(
  hiddenSize: number,
  heads: number,
  names: { hidden: string; heads: string },
  file: string,
): number {
  if (hiddenSize % heads !== 0)
    throw inputError({ file }, `${names.heads} = ${heads}`, `a divisor of ${names.hidden} = ${hiddenSize}`);
  return hiddenSize / heads;
}

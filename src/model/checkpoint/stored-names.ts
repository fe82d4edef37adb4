import { architectureOf } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import { parameterShapes } from "../parameters/parameters.js";

/** Causal masks and rotary frequencies, which older versions of transformers stored with the parameters. */
const buffers = /\.(rotary_emb\.inv_freq|(attn|attention)\.(bias|masked_bias))$/;

/**
 * Maps the names of stored tensors to parameters. A checkpoint of the model without its head, such as openai-community/gpt2,
 * omits the prefix of all other names (`transformer.`), as transformers allows.
 *
 * @returns for the name of a stored tensor, the parameter's name; the stored name itself if it is not a parameter's; undefined
 *   for buffers, which are computed and not loaded
 */
export function storedNames(config: ModelConfig): (stored: string) => string | undefined {
  const shapes = parameterShapes(config);
  const { base } = architectureOf(config);
  return (stored) => {
    if (buffers.test(stored)) return undefined;
    const whole = `${base}.${stored}`;
    return shapes.has(whole) ? whole : stored;
  };
}

import { architectureOf } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import { parameterShapes } from "../parameters/parameters.js";

/** Causal masks and rotary frequencies, which older versions of transformers stored beside the parameters. */
const buffers = /\.(rotary_emb\.inv_freq|(attn|attention)\.(bias|masked_bias))$/;

/**
 * Tells what the tensors of a checkpoint are. A checkpoint of the model without its head, such as openai-community/gpt2,
 * leaves out what all other names begin with (`transformer.`), as transformers allows.
 *
 * @returns for the name of a stored tensor, the parameter's name; the stored name itself where it is no parameter's;
 *   undefined for buffers, which are computed and not loaded
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

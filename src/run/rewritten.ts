import { InputError, quote } from "../base/errors.js";
import type { RunControls, RunInput } from "./input.js";
import type { Method } from "./method.js";

/**
 * Returns a method's input, with the pairs rewritten if the method does that.
 *
 * @throws InputError as the method's {@link Method.rewrite}, or if the input has no texts
 */
export async function rewritten({ name, rewrite }: Method, input: RunInput, controls: RunControls): Promise<RunInput> {
  if (!rewrite) return input;
  const { texts } = input;
  if (!texts)
    throw new InputError(
      `the method ${quote(name)} rewrites the texts of the pairs, and the run was given tokens alone; give its input \`texts\``,
    );
  const { pairs, heldOut, validation } = await rewrite(texts, controls);
  return { ...input, ...texts.tokenized({ pairs, heldOut, validation }) };
}

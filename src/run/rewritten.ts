import { InputError, quote } from "../base/errors.js";
import { askOwn, interruptGrace } from "../base/own-function.js";
import type { RunControls, RunInput } from "./input.js";
import { isBuiltIn, type Method } from "./method.js";

/**
 * Returns a method's input, with the pairs rewritten if the method does that.
 *
 * @throws InputError as the method's {@link Method.rewrite}, or if the input has no texts
 */
export async function rewritten(method: Method, input: RunInput, controls: RunControls): Promise<RunInput> {
  const { name, rewrite } = method;
  if (!rewrite) return input;
  const { texts } = input;
  if (!texts)
    throw new InputError(
      `the method ${quote(name)} rewrites the texts of the pairs, and the run was given tokens alone; give its input \`texts\``,
    );
  const { pairs, heldOut, validation } = isBuiltIn(method)
    ? await rewrite(texts, controls)
    : await askOwn("", `the method ${quote(name)}: its rewrite`, async () => rewrite(texts, controls), {
        ...{ signal: controls.signal, grace: interruptGrace },
      });
  return { ...input, ...texts.tokenized({ pairs, heldOut, validation }) };
}

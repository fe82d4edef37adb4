import type { LabelledSample } from "../../src/bootstrap/index.js";

export const eos = 2;

/** A sample of one prompt; its tokens end with EOS unless it is cut off. */
export function sample(
  id: string,
  number: number,
  tokens: readonly number[],
  reward: number,
  complete = true,
): LabelledSample {
  return { id, number, tokens: complete ? [...tokens, eos] : tokens, complete, reference: -1, reward };
}

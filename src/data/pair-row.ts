import type { TokenizedPair } from "./tokenize.js";

/** A tokenized pair as a line of JSON Lines has it: its tokens are lists of ids. */
export function pairRow({ id, prompt, chosen, rejected, flipped }: TokenizedPair): object {
  return { id, prompt: [...prompt], chosen: [...chosen], rejected: [...rejected], ...(flipped && { flipped }) };
}

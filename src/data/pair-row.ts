import type { TokenizedPair } from "./tokenize.js";

/** A tokenized pair as a row of JSON Lines: tokens are lists of ids. */
export interface PairRow extends Omit<TokenizedPair, "prompt" | "chosen" | "rejected"> {
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

export function pairRow({ prompt, chosen, rejected, ...pair }: TokenizedPair): PairRow {
  const { id, ...rest } = pair;
  return { id, prompt: [...prompt], chosen: [...chosen], rejected: [...rejected], ...rest };
}

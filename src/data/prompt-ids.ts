import type { TokenizedPair } from "./tokenize.js";

/** The prompt's id for each pair: the id of the first pair with that prompt. */
export function promptIds(pairs: readonly Pick<TokenizedPair, "id" | "prompt">[]): string[] {
  const first = new Map<string, string>();
  return pairs.map(({ id, prompt }) => {
    const key = prompt.join();
    if (!first.has(key)) first.set(key, id);
    return first.get(key)!;
  });
}

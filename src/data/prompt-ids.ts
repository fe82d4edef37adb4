import type { TokenizedPair } from "./tokenize.js";

/** Names the prompt of each pair by the id of the first pair that has it. */
export function promptIds(pairs: readonly Pick<TokenizedPair, "id" | "prompt">[]): string[] {
  const first = new Map<string, string>();
  return pairs.map(({ id, prompt }) => {
    const key = prompt.join();
    if (!first.has(key)) first.set(key, id);
    return first.get(key)!;
  });
}

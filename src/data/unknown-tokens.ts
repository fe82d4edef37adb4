import type { Tokenizer } from "../model/tokenizer/tokenizer.js";

/** Share of unknown tokens from which a prompt is counted. */
const notable = 0.1;

/**
 * A note if a tenth or more of a prompt's tokens are the tokenizer's token for unknown words; empty if no prompt has so
 * many.
 *
 * @param prompts token ids of each prompt
 */
export function unknownNotes(prompts: readonly Iterable<number>[], { unkId }: Pick<Tokenizer, "unkId">): string[] {
  if (unkId === undefined) return [];
  const counts = prompts.map((prompt) => {
    const ids = [...prompt];
    return { tokens: ids.length, unknown: ids.filter((id) => id === unkId).length };
  });
  const strange = counts.filter(({ tokens, unknown }) => unknown > 0 && unknown >= notable * tokens);
  if (strange.length === 0) return [];
  const [{ tokens, unknown }] = strange as [(typeof counts)[number]];
  const lacking =
    prompts.length === 1
      ? `${unknown} of the prompt's ${tokens} tokens`
      : `a tenth or more of the tokens of ${strange.length} of ${prompts.length} prompts`;
  return [`the tokenizer's vocabulary lacks ${lacking}; the model reads each as the same unknown token`];
}

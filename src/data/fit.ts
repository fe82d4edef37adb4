/** A prompt and its responses, truncated to a context. */
export interface Fitted {
  readonly prompt: readonly number[];
  readonly responses: readonly (readonly number[])[];
}

/**
 * Truncates a prompt and its responses so that the prompt and each response fit the context together. First, a response
 * that would leave the prompt less than a quarter of the context (or less than its length, if shorter) is cut at its end;
 * then the prompt is cut at its beginning, after its BOS, to make room for the longest response. All responses therefore
 * follow the same prompt.
 *
 * @param whole the prompt's token ids, including the BOS if there is one
 * @param bosTokens 1 if the prompt begins with a BOS, else 0
 * @param contextLength in tokens, at least `bosTokens + 2`
 * @param maxPromptLength length to which a longer prompt is cut first, at least `bosTokens + 1`
 * @param leastRoom tokens that the prompt leaves free at least, for a response still to be sampled
 */
export function fitToContext(
  whole: readonly number[],
  bosTokens: 0 | 1,
  responses: readonly (readonly number[])[],
  contextLength: number,
  maxPromptLength = Infinity,
  leastRoom = 1,
): Fitted {
  const prompt = cutBeginning(whole, bosTokens, maxPromptLength);
  const leastPrompt = Math.min(prompt.length, Math.max(bosTokens + 1, Math.floor(contextLength / 4)));
  const cut = responses.map((response) => response.slice(0, contextLength - leastPrompt));
  const room = contextLength - Math.max(leastRoom, ...cut.map((response) => response.length));
  return { prompt: cutBeginning(prompt, bosTokens, room), responses: cut };
}

/** The prompt's BOS and its end, at most `length` tokens in all. */
function cutBeginning(prompt: readonly number[], bosTokens: 0 | 1, length: number): readonly number[] {
  if (prompt.length <= length) return prompt;
  return [...prompt.slice(0, bosTokens), ...prompt.slice(prompt.length - (length - bosTokens))];
}

/** A prompt with its responses, cut to a context. */
export interface Fitted {
  readonly prompt: readonly number[];
  readonly responses: readonly (readonly number[])[];
}

/**
 * Cuts a prompt and the responses to it so that the prompt and each response fit the context
 * together. First a response that would leave less than a quarter of the context to the prompt (or
 * than the whole prompt, where that is shorter) loses its end; then the prompt loses its beginning, as much as the longest response asks for,
 * its BOS excepted. So all responses are seen after the same prompt.
 *
 * @param prompt token ids, with the BOS where there is one
 * @param bosTokens 1 where the prompt begins with a BOS, else 0
 * @param contextLength in tokens, at least `bosTokens + 2`
 */
export function fitToContext(
  prompt: readonly number[],
  bosTokens: 0 | 1,
  responses: readonly (readonly number[])[],
  contextLength: number,
): Fitted {
  const leastPrompt = Math.min(prompt.length, Math.max(bosTokens + 1, Math.floor(contextLength / 4)));
  const cut = responses.map((response) => response.slice(0, contextLength - leastPrompt));
  const room = contextLength - Math.max(...cut.map((response) => response.length));
  if (prompt.length <= room) return { prompt, responses: cut };
  const end = prompt.slice(prompt.length - (room - bosTokens));
  return { prompt: [...prompt.slice(0, bosTokens), ...end], responses: cut };
}

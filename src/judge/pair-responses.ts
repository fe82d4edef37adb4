import { InputError, quote } from "../base/errors.js";
import type { Prompt } from "../data/pair.js";
import { judgedPrompt, type PromptResponse, type ResponsePair } from "./judge.js";

/** A response with the id of its prompt. */
export interface NamedResponse extends PromptResponse {
  /** Default: its prompt. */
  readonly id?: string;
}

/**
 * Pairs two models' responses to the same prompts, by id, or by prompt if they have no ids.
 *
 * @returns pairs in the order of `a`
 * @throws InputError if a list is empty, a response has no counterpart or occurs twice, or two prompts of one id differ
 */
export function pairResponses(
  a: readonly NamedResponse[],
  b: readonly NamedResponse[],
): (ResponsePair & { readonly id: string })[] {
  const [ofA, ofB] = [byName(a, "a"), byName(b, "b")];
  for (const [own, others, here, there] of [
    [ofA, ofB, "a", "b"],
    [ofB, ofA, "b", "a"],
  ] as const) {
    const alone = [...own.keys()].filter((name) => !others.has(name));
    if (alone.length === 0) continue;
    const names = `${quote(alone[0])}${alone.length > 1 ? ` and ${alone.length - 1} more` : ""}`;
    throw new InputError(
      `responses: ${names} in ${here} but not in ${there} (${a.length} in a, ${b.length} in b); both must answer the same prompts`,
    );
  }
  return [...ofA].map(([id, { prompt, response }]) => {
    const rival = ofB.get(id)!;
    if (!samePrompt(prompt, rival.prompt)) {
      throw new InputError(
        `responses: ${quote(id)} has the prompt ${quote(judgedPrompt(prompt))} in a and ${quote(judgedPrompt(rival.prompt))} in b; the prompts must be equal`,
      );
    }
    return { id, prompt, a: response, b: rival.response };
  });
}

function byName(responses: readonly NamedResponse[], side: string): Map<string, NamedResponse> {
  if (responses.length === 0) throw new InputError(`responses: ${side} is empty`);
  const named = new Map<string, NamedResponse>();
  for (const response of responses) {
    const id = response.id ?? judgedPrompt(response.prompt);
    if (named.has(id))
      throw new InputError(`responses: ${quote(id)} occurs twice in ${side}; expected one response per prompt`);
    named.set(id, response);
  }
  return named;
}

function samePrompt(one: Prompt, other: Prompt): boolean {
  return judgedPrompt(one) === judgedPrompt(other);
}

import { InputError, quote } from "../base/errors.js";
import type { Prompt } from "../data/pair.js";
import { judgedPrompt, type Answer, type ResponsePair } from "./judge.js";

/** An answer with what it is known by. */
export interface NamedAnswer extends Answer {
  /** Default: its prompt. */
  readonly id?: string;
}

/**
 * Brings two models' answers to the same prompts together, by their ids, or by their prompts where they have none.
 *
 * @returns comparisons in the order of `a`
 * @throws InputError where one has none, an answer lacks its counterpart, one is there twice, or the
 *   prompts of an id differ
 */
export function pairAnswers(a: readonly NamedAnswer[], b: readonly NamedAnswer[]): (ResponsePair & { readonly id: string })[] {
  const [ofA, ofB] = [byName(a, "a"), byName(b, "b")];
  for (const [own, others, here, there] of [[ofA, ofB, "a", "b"], [ofB, ofA, "b", "a"]] as const) {
    const alone = [...own.keys()].filter((name) => !others.has(name));
    if (alone.length === 0) continue;
    throw new InputError(
      `answers: found ${a.length} in a and ${b.length} in b, and ${quote(alone[0])}${alone.length > 1 ? ` and ${alone.length - 1} more` : ""} in ${here} alone, expected the same prompts in ${there}`,
    );
  }
  return [...ofA].map(([id, { prompt, response }]) => {
    const rival = ofB.get(id)!;
    if (!samePrompt(prompt, rival.prompt)) {
      throw new InputError(`answers: found different prompts of ${quote(id)}, ${quote(judgedPrompt(prompt))} in a and ${quote(judgedPrompt(rival.prompt))} in b, expected one`);
    }
    return { id, prompt, a: response, b: rival.response };
  });
}

function byName(answers: readonly NamedAnswer[], side: string): Map<string, NamedAnswer> {
  if (answers.length === 0) throw new InputError(`answers: found none in ${side}, expected at least one`);
  const named = new Map<string, NamedAnswer>();
  for (const answer of answers) {
    const id = answer.id ?? judgedPrompt(answer.prompt);
    if (named.has(id)) throw new InputError(`answers: found ${quote(id)} twice in ${side}, expected one answer to each prompt`);
    named.set(id, answer);
  }
  return named;
}

function samePrompt(one: Prompt, other: Prompt): boolean {
  return judgedPrompt(one) === judgedPrompt(other);
}

import { InputError, quote } from "../base/errors.js";
import type { ResponseJudge } from "../bootstrap/index.js";
import type { PreferencePair } from "../data/pair.js";
import { isWorldPrompt } from "../data/world/request.js";
import { goldJudge } from "./gold-judge.js";
import { gradeAll } from "./judge-all.js";
import type { Judge } from "./judge.js";

/**
 * A judge's grades as the rewards by which responses to the prompts of these pairs are labelled. Those of a language
 * model are whole, so that many responses share one.
 *
 * @returns a function that throws InputError as {@link gradeAll} does, and for an id that no pair has
 */
export function responseJudge(judge: Judge, pairs: readonly PreferencePair[]): ResponseJudge {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  return async (responses, work) => {
    if (responses.length === 0) return [];
    const rows = responses.map(({ id, response }) => {
      const prompt = promptOf.get(id);
      if (prompt === undefined) throw new InputError(`${judge.name}: found no prompt of ${quote(id)}, expected the pairs that the responses answer`);
      return { id, prompt, response };
    });
    return (await gradeAll(judge, rows, work)).map(({ grade }) => grade);
  };
}

/** The gold reward where all prompts are of the synthetic world, which brings it; elsewhere undefined. */
export function worldJudge(pairs: readonly PreferencePair[]): Judge | undefined {
  return pairs.every(({ prompt }) => typeof prompt === "string" && isWorldPrompt(prompt)) ? goldJudge() : undefined;
}

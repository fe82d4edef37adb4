import { InputError, quote } from "../base/errors.js";
import type { ResponseJudge } from "../bootstrap/index.js";
import { goldRewardsOf } from "../data/gold.js";
import type { PreferencePair } from "../data/pair.js";
import { goldJudge } from "./gold-judge.js";
import { judgeIdentity } from "./identity.js";
import { gradeResponses } from "./judge-rows.js";
import type { Judge } from "./judge.js";

/**
 * Uses a judge's grades as rewards to label responses. The grades of a language model are whole numbers, so ties are common.
 *
 * @param pairs the pairs whose prompts the responses answer
 * @returns a function that throws InputError as {@link gradeResponses} does, and for an id that no pair has
 */
export function responseJudge(judge: Judge, pairs: readonly PreferencePair[]): ResponseJudge {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  return async (responses, work) => {
    if (responses.length === 0) return [];
    const rows = responses.map(({ id, response }) => {
      const prompt = promptOf.get(id);
      if (prompt === undefined)
        throw new InputError(
          `${judge.name}: no pair has the id ${quote(id)}, so the prompt of this response is unknown; pass the pairs that were sampled from`,
        );
      return { id, prompt, response };
    });
    return (await gradeResponses(judge, rows, work)).map(({ grade }) => grade);
  };
}

/**
 * Prepares a judge for a run, to label responses to the prompts of these pairs.
 *
 * @throws InputError as {@link judgeIdentity}
 */
export function labellingJudge(judge: Judge, pairs: readonly PreferencePair[]) {
  return { name: judge.name, identity: judgeIdentity(judge), score: responseJudge(judge, pairs) };
}

/** The gold judge if there are prompts and all have a gold reward; otherwise undefined. */
export function judgeOfGold(pairs: readonly PreferencePair[]): Judge | undefined {
  return pairs.length > 0 && goldRewardsOf(pairs.map(({ prompt }) => prompt)) ? goldJudge() : undefined;
}

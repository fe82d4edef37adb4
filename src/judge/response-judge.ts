import type { ResponseJudge } from "../bootstrap/index.js";
import type { PreferencePair } from "../data/pair.js";
import { isWorldPrompt } from "../data/world/request.js";
import { goldJudge } from "./gold-judge.js";
import { gradeAll } from "./judge-all.js";
import type { Judge } from "./judge.js";

/** A judge's grades as the rewards by which responses to the prompts of these pairs are labelled. */
export function responseJudge(judge: Judge, pairs: readonly PreferencePair[]): ResponseJudge {
  const promptOf = new Map(pairs.map(({ id, prompt }) => [id, prompt]));
  return async (responses, work) => {
    const grades = await gradeAll(judge, responses.map(({ id, response }) => ({ id, prompt: promptOf.get(id)!, response })), work);
    return grades.map(({ grade }) => grade);
  };
}

/** The gold reward where all prompts are of the synthetic world, which brings it; elsewhere undefined. */
export function worldJudge(pairs: readonly PreferencePair[]): Judge | undefined {
  return pairs.every(({ prompt }) => typeof prompt === "string" && isWorldPrompt(prompt)) ? goldJudge() : undefined;
}

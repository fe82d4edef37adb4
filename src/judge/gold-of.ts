import type { ResponseJudge } from "../bootstrap/index.js";
import type { PreferencePair } from "../data/pair.js";
import { goldReward } from "../data/world/gold.js";
import { isWorldPrompt } from "../data/world/request.js";

/** The gold reward as a judge of responses to the prompts of these pairs; undefined unless all are of the synthetic world. */
export function goldOf(pairs: readonly PreferencePair[]): ResponseJudge | undefined {
  const prompts = new Map<string, string>();
  for (const { id, prompt } of pairs) {
    if (typeof prompt !== "string" || !isWorldPrompt(prompt)) return undefined;
    prompts.set(id, prompt);
  }
  return async (responses) => responses.map(({ id, response }) => goldReward(prompts.get(id)!, response).total);
}

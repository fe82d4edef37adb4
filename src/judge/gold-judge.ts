import { goldReward } from "../data/world/gold.js";
import { judgedPrompt, verdictOf, type Judge } from "./judge.js";

/** Changes whenever a gold reward or a grade does: runs that it labelled are then other runs. */
const version = "1";

/**
 * The gold reward of the synthetic world as a judge: the response with the larger reward wins, equal rewards tie, and the
 * grade is 1 + 9 · reward, not rounded. It is free, local and independent of the order of the responses.
 *
 * Its methods throw InputError for a prompt that does not belong to the synthetic world.
 */
export function goldJudge(): Judge {
  const reward = (prompt: Parameters<Judge["compare"]>[0], response: string) => goldReward(judgedPrompt(prompt), response).total;
  return {
    name: "gold",
    version,
    async compare(prompt, a, b) {
      const [ofA, ofB] = [reward(prompt, a), reward(prompt, b)];
      const choice = ofA > ofB ? "a" : ofA < ofB ? "b" : "tie";
      return verdictOf([choice, choice]);
    },
    async grade(prompt, response) {
      return { grade: 1 + 9 * reward(prompt, response), reason: "" };
    },
  };
}

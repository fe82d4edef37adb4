import { goldRewardOf, noGoldReward } from "../data/gold.js";
import type { Prompt } from "../data/pair.js";
import { verdictOf, type Judge } from "./judge.js";

/** Changes whenever a gold reward or a grade does: runs that it labelled are then other runs. */
const version = "1";

/**
 * The gold reward of the synthetic world, or of the instructions, as a judge: the response with the larger reward wins, equal rewards tie, and the
 * grade is 1 + 9 · reward, not rounded. It is free, local and independent of the order of the responses.
 *
 * Its methods throw InputError for a prompt that belongs to neither.
 */
export function goldJudge(): Judge {
  const reward = (prompt: Prompt, response: string) => {
    const of = goldRewardOf(prompt);
    if (!of) throw noGoldReward(prompt);
    return of(response);
  };
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

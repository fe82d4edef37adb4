import { goldRewardOf, noGoldReward } from "../data/gold.js";
import type { Prompt } from "../data/pair.js";
import { verdictOf, type Judge } from "./judge.js";

/** Changes whenever a gold reward or a grade changes, so that runs labelled by another version count as different runs. */
const version = "1";

/**
 * Creates a judge from the gold reward of the synthetic world or of the instructions: the response with the larger
 * reward wins, equal rewards tie, and the grade is 1 + 9 · reward, not rounded. It is free, local and independent of
 * the order of the responses.
 *
 * Its methods throw InputError for a prompt of neither.
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

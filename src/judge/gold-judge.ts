import { goldReward } from "../data/world/gold.js";
import { judgedPrompt, verdictOf, type Judge } from "./judge.js";

/**
 * The gold reward of the synthetic world as a judge: the larger reward is better, the same is a tie, and the grade is
 * 1 + 9 · reward, which need not be whole. It costs nothing, asks nobody and knows no order.
 *
 * Its methods throw InputError for a prompt that is none of the synthetic world.
 */
export function goldJudge(): Judge {
  const reward = (prompt: Parameters<Judge["compare"]>[0], response: string) => goldReward(judgedPrompt(prompt), response).total;
  return {
    name: "gold",
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

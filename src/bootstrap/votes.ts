import type { Random } from "../base/random.js";
import { preferenceProbability } from "../stats/bradley-terry.js";

/**
 * Draws annotators' votes on every two responses: each annotator votes by Bradley–Terry on the responses' scores, for i
 * against j with probability σ((s_i − s_j)/temperature), independently of the others.
 *
 * @param voters h, per two responses
 * @returns `wins[i][j]`: votes for i against j
 */
export function drawVotes(scores: readonly number[], voters: number, temperature: number, random: Random): number[][] {
  const wins = scores.map(() => scores.map(() => 0));
  for (let i = 0; i < scores.length; i++) {
    for (let j = i + 1; j < scores.length; j++) {
      const share = preferenceProbability(scores[i]!, scores[j]!, temperature);
      for (let vote = 0; vote < voters; vote++) {
        if (random.uniform() < share) wins[i]![j]!++;
        else wins[j]![i]!++;
      }
    }
  }
  return wins;
}

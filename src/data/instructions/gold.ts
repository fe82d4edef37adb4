import { InputError, quote } from "../../base/errors.js";
import { mean } from "../../stats/mean.js";
import { wordsOf, type ConstraintKind } from "./constraints.js";
import { parseInstruction } from "./request.js";

/** How well an answer follows its instruction; all values in [0, 1]. */
export interface InstructionReward {
  /** The mean of the constraints × fluency. */
  readonly total: number;
  /** Scores of the instruction's constraints, by kind. */
  readonly constraints: Readonly<Partial<Record<ConstraintKind, number>>>;
  /** 0 for fewer than four words; otherwise 1, or less if many pairs of neighbouring words repeat. */
  readonly fluency: number;
}

/** Minimum number of words in an answer. */
const leastWords = 4;

/** Required share of distinct pairs of neighbouring words; a few sentences written by people exceed it. */
const distinctShare = 0.8;

/**
 * The gold reward of the instructions: a fixed program that no method sees in training.
 *
 * @param prompt an instruction as `writeInstruction` writes it
 * @throws InputError if the prompt is not such an instruction
 */
export function instructionReward(prompt: string, response: string): InstructionReward {
  const request = parseInstruction(prompt);
  if (!request) {
    throw new InputError(
      `this gold reward applies only to instructions such as "Write one sentence about coffee. Use at most 9 words. End with a question mark.", not ${quote(prompt, 120)}`,
    );
  }
  const scores = request.constraints.map(({ kind, score }) => [kind, score(response)] as const);
  const fluency = fluencyOf(response);
  const kept = mean(scores.map(([, score]) => score));
  return { total: kept * fluency, constraints: Object.fromEntries(scores), fluency };
}

function fluencyOf(response: string): number {
  const words = wordsOf(response).map((word) => word.toLowerCase());
  if (words.length < leastWords) return 0;
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  return Math.min(1, new Set(pairs).size / (distinctShare * pairs.length));
}

import type { GoldPair, World } from "./generate.js";
import { tokenizerFiles } from "./tokenizer.js";

/**
 * A world as files: JSON lines in the explicit-prompt layout with gold rewards as scores (4 decimals), and the
 * tokenizer.
 *
 * @returns file contents by path relative to the world's folder
 */
export function worldFiles({ train, validation, heldOut, demonstrations, hasGoals }: World): Map<string, string> {
  return new Map([
    ["train.jsonl", jsonLines(train.map(pairRow))],
    ["validation.jsonl", jsonLines(validation.map(pairRow))],
    ["heldout.jsonl", jsonLines(heldOut.map(pairRow))],
    ["demonstrations.jsonl", jsonLines(demonstrations)],
    ...[...tokenizerFiles(hasGoals)].map(([name, text]) => [`tokenizer/${name}`, text] as const),
  ]);
}

function pairRow({ id, prompt, chosen, rejected, chosenScore, rejectedScore, flipped }: GoldPair): object {
  return {
    id,
    prompt,
    chosen,
    rejected,
    score_chosen: Number(chosenScore.toFixed(4)),
    score_rejected: Number(rejectedScore.toFixed(4)),
    ...(flipped && { flipped }),
  };
}

function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

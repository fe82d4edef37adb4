import { createHash } from "node:crypto";
import type { PreferencePair } from "./pair.js";
import { promptKey } from "./split-pairs.js";

/** Counts of pairs that look wrong although each can be read. */
export interface Implausible {
  /** Both responses begin with the prompt's text, which the model would read twice. */
  readonly repeatedPrompts: number;
  /** The rejected response has the higher score. */
  readonly contradictingScores: number;
  /** Pairs that equal an earlier one. */
  readonly duplicates: number;
  /** Pairs that equal an earlier one with chosen and rejected swapped. */
  readonly reversals: number;
}

export function implausible(pairs: readonly PreferencePair[]): Implausible {
  const seen = new Set<string>();
  const found = { repeatedPrompts: 0, contradictingScores: 0, duplicates: 0, reversals: 0 };
  for (const pair of pairs) {
    const { chosen, rejected, chosenScore, rejectedScore } = pair;
    const asked = lastText(pair).trim();
    // A response may well begin with a prompt of a few characters.
    if (asked.length >= 8 && [chosen, rejected].every((text) => text.trimStart().startsWith(asked)))
      found.repeatedPrompts++;
    if (chosenScore !== undefined && rejectedScore !== undefined && chosenScore < rejectedScore)
      found.contradictingScores++;
    const [prompt, better, worse] = [promptKey(pair), chosen, rejected].map(digest);
    const key = `${prompt} ${better} ${worse}`;
    if (seen.has(key)) found.duplicates++;
    else if (seen.has(`${prompt} ${worse} ${better}`)) found.reversals++;
    seen.add(key);
  }
  return found;
}

/** A sentence for each kind of implausible pair found. */
export function implausibleNotes({
  repeatedPrompts,
  contradictingScores,
  duplicates,
  reversals,
}: Implausible): string[] {
  const notes = [];
  const count = (n: number) => `${n} ${n === 1 ? "pair" : "pairs"}`;
  if (repeatedPrompts > 0)
    notes.push(
      `${count(repeatedPrompts)} whose responses both begin with their prompt, which the model then reads twice; remove it from the responses`,
    );
  if (contradictingScores > 0)
    notes.push(
      `${count(contradictingScores)} whose scores contradict the order: the rejected response has the higher one`,
    );
  if (duplicates > 0) notes.push(`${count(duplicates)} equal to an earlier one`);
  if (reversals > 0)
    notes.push(`${count(reversals)} that an earlier one reverses: the same responses with the other chosen`);
  return notes;
}

/** The prompt, or the last turn of a conversation. */
function lastText({ prompt }: PreferencePair): string {
  return typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}

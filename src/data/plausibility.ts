import { createHash } from "node:crypto";
import { isBlank, type PreferencePair } from "./pair.js";
import { countAt, placeOf } from "./places.js";
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
  /** The chosen or the rejected response is white space only, and has no tokens. */
  readonly blankResponses: number;
}

/** The notes on each kind of implausible pair; each follows a count of pairs. */
const descriptions: Readonly<Record<keyof Implausible, string>> = {
  repeatedPrompts:
    "whose responses both begin with their prompt, which the model then reads twice; remove it from the responses",
  contradictingScores: "whose scores contradict the order: the rejected response has the higher one",
  duplicates: "equal to an earlier one",
  reversals: "that an earlier one reverses: the same responses with the other chosen",
  blankResponses: "with a blank response (white space only), which is trained on as any other",
};

const kinds = Object.keys(descriptions) as (keyof Implausible)[];

export function implausible(pairs: readonly PreferencePair[]): Implausible {
  const found = implausiblePairs(pairs);
  return Object.fromEntries(kinds.map((kind) => [kind, found[kind].length])) as Record<keyof Implausible, number>;
}

/**
 * A sentence for each kind of implausible pair found, with the lines of the first ones.
 *
 * @param source what the pairs were read from, as the user named it
 */
export function implausibleNotes(pairs: readonly PreferencePair[], source: string): string[] {
  const found = implausiblePairs(pairs);
  return kinds
    .filter((kind) => found[kind].length > 0)
    .map((kind) => `${countAt(found[kind].length, "pair", found[kind].map(placeOf), source)} ${descriptions[kind]}`);
}

function implausiblePairs(pairs: readonly PreferencePair[]): Record<keyof Implausible, PreferencePair[]> {
  const seen = new Set<string>();
  const found: Record<keyof Implausible, PreferencePair[]> = {
    repeatedPrompts: [],
    contradictingScores: [],
    duplicates: [],
    reversals: [],
    blankResponses: [],
  };
  for (const pair of pairs) {
    const { chosen, rejected, chosenScore, rejectedScore } = pair;
    const asked = lastText(pair).trim();
    // A response may well begin with a prompt of a few characters.
    if (asked.length >= 8 && [chosen, rejected].every((text) => text.trimStart().startsWith(asked)))
      found.repeatedPrompts.push(pair);
    if (chosenScore !== undefined && rejectedScore !== undefined && chosenScore < rejectedScore)
      found.contradictingScores.push(pair);
    if (!pair.tokens && (isBlank(chosen) || isBlank(rejected))) found.blankResponses.push(pair);
    const [prompt, better, worse] = [promptKey(pair), chosen, rejected].map(digest);
    const key = `${prompt} ${better} ${worse}`;
    if (seen.has(key)) found.duplicates.push(pair);
    else if (seen.has(`${prompt} ${worse} ${better}`)) found.reversals.push(pair);
    seen.add(key);
  }
  return found;
}

/** The prompt, or the last turn of a conversation. */
function lastText({ prompt }: PreferencePair): string {
  return typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}

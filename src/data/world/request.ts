import { readList, writeList } from "./list.js";
import { domains, goalWords, numbers, tones, words, type Domain, type Tone, type Verb } from "./vocabulary.js";

/** The content of a prompt of the synthetic world. */
export interface WorldRequest {
  readonly verb: Verb;
  readonly object: string;
  /** Two or three different items, in the order of the prompt. */
  readonly items: readonly string[];
  /** 2 to 4. */
  readonly steps: number;
  /** An item that must not be used; none of `items`. */
  readonly forbidden?: string;
  /** The one of `items` that must be used before the others. */
  readonly beginWith?: string;
  readonly tone: Tone;
  /** The reward that the answer should earn, in tenths, 1 to 10; the gold reward ignores it. */
  readonly goal?: number;
}

/** The sentence of a goal from 1 to 10, which stands before a prompt: "goal nine ." */
export const goalSentence = (goal: number): string => `goal ${goalWords[goal - 1]} .`;

/**
 * Writes the request in words, one sentence for each requirement.
 *
 * @example
 * writePrompt({ verb: "cook", object: "soup", items: ["rice", "peas"], steps: 3, forbidden: "garlic", tone: "polite" })
 * // "cook a soup with rice and peas . use three steps . do not use garlic . be polite ."
 */
export function writePrompt({ verb, object, items, steps, forbidden, beginWith, tone, goal }: WorldRequest): string {
  return [
    ...(goal === undefined ? [] : [goalSentence(goal)]),
    `${verb} a ${object} with ${writeList(items)} .`,
    `use ${numbers[steps]} steps .`,
    ...(forbidden === undefined ? [] : [`do not use ${forbidden} .`]),
    ...(beginWith === undefined ? [] : [`begin with ${beginWith} .`]),
    `be ${tone} .`,
  ].join(" ");
}

const pattern =
  /^(?:goal (?<goal>\w+) \. )?(?<verb>\w+) a (?<object>\w+) with (?<items>[\w ,]+) \. use (?<steps>\w+) steps \.(?: do not use (?<forbidden>\w+) \.)?(?: begin with (?<beginWith>\w+) \.)? be (?<tone>\w+) \.$/;

/** Parses the request in a prompt; undefined if the text is not a prompt of this world. Spacing does not matter. */
export function parsePrompt(text: string): WorldRequest | undefined {
  const prompt = words(text).join(" ");
  const found = pattern.exec(prompt)?.groups;
  if (!found) return undefined;
  const { forbidden, beginWith, goal } = found;
  const request = {
    verb: found["verb"] as Verb,
    object: found["object"]!,
    items: readList(found["items"]!),
    steps: numbers.indexOf(found["steps"]!),
    ...(forbidden !== undefined && { forbidden }),
    ...(beginWith !== undefined && { beginWith }),
    tone: found["tone"] as Tone,
    ...(goal !== undefined && { goal: goalWords.indexOf(goal) + 1 }),
  };
  return isSound(request) && writePrompt(request) === prompt ? request : undefined;
}

/** Whether a text is a prompt of this world, so that `goldReward` can judge answers to it. */
export function isWorldPrompt(text: string): boolean {
  return parsePrompt(text) !== undefined;
}

function isSound({ verb, object, items, forbidden, beginWith, tone, goal }: WorldRequest): boolean {
  if (!Object.hasOwn(domains, verb)) return false;
  const domain: Domain = domains[verb];
  return (
    domain.objects.includes(object) &&
    (items.length === 2 || items.length === 3) &&
    new Set(items).size === items.length &&
    items.every((item) => domain.items.includes(item)) &&
    (forbidden === undefined || (domain.items.includes(forbidden) && !items.includes(forbidden))) &&
    (beginWith === undefined || items.includes(beginWith)) &&
    tones.includes(tone) &&
    goal !== 0
  );
}

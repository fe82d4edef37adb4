import type { Random } from "../../base/random.js";
import { writeAnswer, type Sentence } from "./grammar.js";
import type { WorldRequest } from "./request.js";
import {
  closingPhrase,
  domains,
  ordinals,
  phrases,
  remarks,
  tones,
  words,
  type Domain,
  type Phrase,
  type Tone,
} from "./vocabulary.js";

/** A simulated writer: the probability of each kind of mistake in one answer. */
export interface Writer {
  readonly name: string;
  /** Leaves out one of the items. */
  readonly missing: number;
  /** Uses an item that was not asked for. */
  readonly extra: number;
  /** Uses the forbidden item, if there is one. */
  readonly forbidden: number;
  /** Uses a wrong number of steps. */
  readonly steps: number;
  /** Begins with another item than the one asked for, if there is one. */
  readonly order: number;
  /** Opens and closes in another tone. */
  readonly tone: number;
  /** Says something rude. */
  readonly rude: number;
  /** Does not say that the object is ready. */
  readonly finish: number;
  /** Drops or repeats a word. */
  readonly garbled: number;
  /** Adds a remark that neither helps nor harms. */
  readonly chatty: number;
}

/** Seven writers, the most skilful first. */
export const writers: readonly Writer[] = [
  {
    name: "expert",
    missing: 0.01,
    extra: 0.01,
    forbidden: 0.06,
    steps: 0.1,
    order: 0.06,
    tone: 0.1,
    rude: 0.01,
    finish: 0.08,
    garbled: 0.01,
    chatty: 0.1,
  },
  {
    name: "hasty",
    missing: 0.03,
    extra: 0.01,
    forbidden: 0.2,
    steps: 0.8,
    order: 0.3,
    tone: 0.3,
    rude: 0.05,
    finish: 0.75,
    garbled: 0.05,
    chatty: 0.05,
  },
  {
    name: "blunt",
    missing: 0.02,
    extra: 0.02,
    forbidden: 0.3,
    steps: 0.35,
    order: 0.25,
    tone: 0.7,
    rude: 0.8,
    finish: 0.5,
    garbled: 0.03,
    chatty: 0.05,
  },
  {
    name: "wilful",
    missing: 0.03,
    extra: 0.03,
    forbidden: 0.9,
    steps: 0.5,
    order: 0.8,
    tone: 0.4,
    rude: 0.2,
    finish: 0.3,
    garbled: 0.03,
    chatty: 0.1,
  },
  {
    name: "dreamy",
    missing: 0.05,
    extra: 0.04,
    forbidden: 0.5,
    steps: 0.7,
    order: 0.5,
    tone: 0.75,
    rude: 0.05,
    finish: 0.75,
    garbled: 0.08,
    chatty: 0.3,
  },
  {
    name: "novice",
    missing: 0.05,
    extra: 0.03,
    forbidden: 0.55,
    steps: 0.65,
    order: 0.5,
    tone: 0.6,
    rude: 0.2,
    finish: 0.6,
    garbled: 0.15,
    chatty: 0.1,
  },
  {
    name: "sloppy",
    missing: 0.08,
    extra: 0.05,
    forbidden: 0.75,
    steps: 0.85,
    order: 0.7,
    tone: 0.9,
    rude: 0.4,
    finish: 0.9,
    garbled: 0.2,
    chatty: 0.15,
  },
];

/** Generates a writer's answer to a request, with random mistakes. */
export function answer(request: WorldRequest, writer: Writer, random: Random): string {
  const slips = (slip: keyof Omit<Writer, "name">) => random.uniform() < writer[slip];
  const domain: Domain = domains[request.verb];

  const rest = domain.items.filter((item) => !request.items.includes(item) && item !== request.forbidden);
  const items = orderedItems(request, slips("order"), random);
  // The first item stays, so that these mistakes are not also mistakes of order.
  if (slips("missing")) items.splice(1 + random.integer(items.length - 1), 1);
  if (slips("extra")) items.splice(1 + random.integer(items.length), 0, random.pick(rest));
  if (slips("forbidden") && request.forbidden !== undefined)
    items.splice(1 + random.integer(items.length), 0, request.forbidden);

  const stepCount = slips("steps") ? otherStepCount(request.steps, random) : request.steps;
  const tone = slips("tone") ? random.pick(tones.filter((tone) => tone !== request.tone)) : request.tone;
  const rudePlace = slips("rude") ? random.pick(["opening", "closing"] as const) : undefined;
  const phraseAt = (place: "opening" | "closing") => phrasesOf(place, rudePlace === place ? "rude" : tone, random);

  const sentences: Sentence[] = [
    ...phraseAt("opening"),
    ...stepsOf(domain, request.object, items, stepCount, random),
    ...(slips("finish") ? [] : [{ kind: "finish", object: request.object } as const]),
    ...phraseAt("closing"),
  ];
  if (slips("chatty")) sentences.push({ kind: "phrase", phrase: random.pick([closingPhrase, ...remarks]) });
  const text = writeAnswer(sentences);
  return slips("garbled") ? garble(text, random) : text;
}

function orderedItems({ items, beginWith }: WorldRequest, slip: boolean, random: Random): string[] {
  if (beginWith === undefined) return [...items];
  const others = items.filter((item) => item !== beginWith);
  if (!slip) return [beginWith, ...others];
  const first = random.pick(others);
  return [first, ...items.filter((item) => item !== first)];
}

/** One or two steps more or fewer, but at least one and at most the number of ordinals. */
function otherStepCount(asked: number, random: Random): number {
  const count = asked + random.pick([-2, -1, 1, 2]);
  return Math.min(Math.max(count, 1), ordinals.length);
}

function phrasesOf(place: "opening" | "closing", tone: Tone | "rude", random: Random): Sentence[] {
  const fitting: readonly Phrase[] = phrases.filter((phrase) => phrase.place === place && phrase.tone === tone);
  return fitting.length === 0 ? [] : [{ kind: "phrase", phrase: random.pick(fitting) }];
}

/** Distributes the items over the steps, more to later ones; remaining steps tend the object. */
function stepsOf(domain: Domain, object: string, items: readonly string[], count: number, random: Random): Sentence[] {
  const using = Math.min(count, items.length);
  const tending = random.shuffle(domain.tending).slice(0, count - using);
  return [
    ...Array.from({ length: using }, (_, step): Sentence => {
      const part = items.slice(
        Math.floor((step * items.length) / using),
        Math.floor(((step + 1) * items.length) / using),
      );
      return { kind: "using", action: random.pick(domain.using), items: part };
    }),
    ...tending.map((action): Sentence => ({ kind: "tending", action, object })),
  ];
}

function garble(text: string, random: Random): string {
  const tokens = words(text);
  const at = random.integer(tokens.length);
  const instead = random.pick([[], [tokens[at]!, tokens[at]!]]);
  return tokens.toSpliced(at, 1, ...instead).join(" ");
}

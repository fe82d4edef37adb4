import { InputError, quote } from "../../base/errors.js";
import { isStep, readAnswer, type ReadAnswer, type Sentence } from "./grammar.js";
import { parsePrompt, type WorldRequest } from "./request.js";
import { domains, words, type Phrase, type Tone } from "./vocabulary.js";

/** How well an answer does what its prompt asks, part by part. All but `extra` are in [0, 1]. */
export interface GoldReward {
  /** max(0, .30 coverage − .25 extra + .15 avoidance + .20 steps + .10 order + .15 tone + .10 finish) × fluency, in [0, 1]. */
  readonly total: number;
  /** Share of the items asked for that the answer names. */
  readonly coverage: number;
  /** Number of distinct items that were not asked for, including the forbidden one. */
  readonly extra: number;
  /** 1 if it names items but not the forbidden one. */
  readonly avoidance: number;
  /** 1 for the requested number of steps, minus ½ for each one missing, in excess, or on another object. */
  readonly steps: number;
  /** 1 if it names the item to begin with first; if the prompt asks for none, 1 if it names any item. */
  readonly order: number;
  /** Half for the opening and half for the closing that the tone calls for (plain: none); 0 if anything is rude. */
  readonly tone: number;
  /** 1 if it says that the object asked for is ready. */
  readonly finish: number;
  /** Share of its sentences that are well formed; 0 for an empty answer. */
  readonly fluency: number;
}

/**
 * The gold reward of the synthetic world: a fixed program that no method sees in training.
 *
 * @param prompt a prompt of the world, as `writePrompt` writes it
 * @param response any text; text outside the world's language costs fluency
 * @throws InputError if the prompt does not belong to the world (check with `isWorldPrompt`)
 */
export function goldReward(prompt: string, response: string): GoldReward {
  const request = parsePrompt(prompt);
  if (!request) {
    throw new InputError(
      `the gold reward applies only to prompts of the synthetic world, such as ` +
        `"cook a soup with rice and peas . use three steps . be polite .", not ${quote(prompt, 120)}`,
    );
  }
  const answer = readAnswer(response);
  const named = itemsIn(response);
  const parts = {
    coverage: request.items.filter((item) => named.includes(item)).length / request.items.length,
    extra: named.filter((item) => !request.items.includes(item)).length,
    avoidance: share(named.length > 0 && !named.some((item) => item === request.forbidden)),
    steps: stepsReward(request, answer.sentences),
    order: share(named.length > 0 && (request.beginWith === undefined || named[0] === request.beginWith)),
    tone: toneReward(request.tone, answer.sentences),
    finish: share(
      answer.sentences.some((sentence) => sentence.kind === "finish" && sentence.object === request.object),
    ),
    fluency: fluencyReward(answer),
  };
  // Weights in percent, so that the sum of a perfect answer is exactly 1.
  const percent =
    30 * parts.coverage -
    25 * parts.extra +
    15 * parts.avoidance +
    20 * parts.steps +
    10 * parts.order +
    15 * parts.tone +
    10 * parts.finish;
  return { total: (Math.max(0, percent) / 100) * parts.fluency, ...parts };
}

const everyItem: ReadonlySet<string> = new Set(Object.values(domains).flatMap(({ items }) => items));

/** The different items that a text names, in the order of their first mention. */
function itemsIn(text: string): string[] {
  return [...new Set(words(text).filter((word) => everyItem.has(word)))];
}

function stepsReward(request: WorldRequest, sentences: readonly Sentence[]): number {
  const steps = sentences.filter(isStep);
  const astray = steps.filter((step) => step.kind === "tending" && step.object !== request.object).length;
  return Math.max(0, 1 - (Math.abs(steps.length - astray - request.steps) + astray) / 2);
}

function toneReward(tone: Tone, sentences: readonly Sentence[]): number {
  const phrases = sentences.flatMap((sentence) => (sentence.kind === "phrase" ? [sentence.phrase] : []));
  if (phrases.some((phrase) => phrase.tone === "rude")) return 0;
  const fits = (place: Phrase["place"]) => (phrases.find((phrase) => phrase.place === place)?.tone ?? "plain") === tone;
  return (share(fits("opening")) + share(fits("closing"))) / 2;
}

function fluencyReward({ sentences, malformed }: ReadAnswer): number {
  return sentences.length === 0 ? 0 : sentences.length / (sentences.length + malformed);
}

function share(holds: boolean): number {
  return holds ? 1 : 0;
}

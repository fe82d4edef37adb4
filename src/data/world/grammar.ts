import { readList, writeList } from "./list.js";
import { domains, ordinals, phrases, verbs, words, type Domain, type Phrase } from "./vocabulary.js";

/** A well-formed sentence of an answer. Steps do not include their ordinal, which follows from their position. */
export type Sentence =
  | { readonly kind: "phrase"; readonly phrase: Phrase }
  | { readonly kind: "using"; readonly action: string; readonly items: readonly string[] }
  | { readonly kind: "tending"; readonly action: string; readonly object: string }
  | { readonly kind: "finish"; readonly object: string };

/** An answer as the parser reads it. */
export interface ReadAnswer {
  /** The well-formed sentences, in order. */
  readonly sentences: readonly Sentence[];
  /** Number of sentences that are not well formed or are out of place. */
  readonly malformed: number;
}

/** Whether a sentence is a step: it has an ordinal and counts towards the number of steps asked for. */
export function isStep(sentence: Sentence): sentence is Extract<Sentence, { kind: "using" | "tending" }> {
  return sentence.kind === "using" || sentence.kind === "tending";
}

/** The sentences in words; steps are numbered in their order (at most five). */
export function writeAnswer(sentences: readonly Sentence[]): string {
  let steps = 0;
  return sentences.map((sentence) => writeSentence(sentence, isStep(sentence) ? steps++ : 0)).join(" ");
}

/**
 * Parses an answer sentence by sentence. A well-formed sentence also stands in its place (one opening, steps, one
 * finish, one closing; neutral phrases anywhere), says nothing twice (an item, an action on the object, a phrase), and
 * a step has the ordinal that follows the one before it. Words after the last mark are one malformed sentence.
 */
export function readAnswer(text: string): ReadAnswer {
  const sentences: Sentence[] = [];
  const said = new Set<string>();
  let malformed = 0;
  let place = 0;
  let step = 0;
  for (const tokens of splitSentences(words(text))) {
    const sentence = readSentence(tokens, step);
    // A faulty step still counts, so that it does not spoil the ordinals of those after it.
    step = ordinals.includes(tokens[0]!) ? ordinals.indexOf(tokens[0]!) + 1 : step;
    const at = (sentence && placeOf(sentence)) ?? place;
    if (!sentence || at < place || namesIn(sentence).some((name) => said.has(name))) {
      malformed++;
      continue;
    }
    sentences.push(sentence);
    namesIn(sentence).forEach((name) => said.add(name));
    place = at;
  }
  return { sentences, malformed };
}

function writeSentence(sentence: Sentence, step: number): string {
  switch (sentence.kind) {
    case "phrase":
      return sentence.phrase.text;
    case "using":
      return `${ordinals[step]} ${sentence.action} ${writeList(sentence.items)} .`;
    case "tending":
      return `${ordinals[step]} ${sentence.action} the ${sentence.object} .`;
    case "finish":
      return `the ${sentence.object} is ready .`;
  }
}

/** Parses a sentence loosely, then accepts it only if writing it back as the step after `step` others gives the same words. */
function readSentence(tokens: readonly string[], step: number): Sentence | undefined {
  const text = tokens.join(" ");
  const phrase = phrases.find((phrase) => phrase.text === text);
  const sentence: Sentence = phrase
    ? { kind: "phrase", phrase }
    : tokens[0] === "the"
      ? { kind: "finish", object: tokens[1] ?? "" }
      : tokens[2] === "the"
        ? { kind: "tending", action: tokens[1]!, object: tokens[3] ?? "" }
        : { kind: "using", action: tokens[1] ?? "", items: readList(tokens.slice(2, -1).join(" ")) };
  return isSound(sentence) && writeSentence(sentence, step) === text ? sentence : undefined;
}

/** Whether the words of a sentence go together: actions with items and objects of their own verb. */
function isSound(sentence: Sentence): boolean {
  return verbs.some((verb) => {
    const domain: Domain = domains[verb];
    switch (sentence.kind) {
      case "phrase":
        return true;
      case "using":
        return (
          domain.using.includes(sentence.action) &&
          sentence.items.every((item) => domain.items.includes(item)) &&
          new Set(sentence.items).size === sentence.items.length
        );
      case "tending":
        return domain.tending.includes(sentence.action) && domain.objects.includes(sentence.object);
      case "finish":
        return domain.objects.includes(sentence.object);
    }
  });
}

/** What an answer may say only once: its items, its actions on the object, its opening, its finish, its phrases. */
function namesIn(sentence: Sentence): readonly string[] {
  switch (sentence.kind) {
    case "phrase":
      return [sentence.phrase.place === "anywhere" ? sentence.phrase.text : sentence.phrase.place];
    case "using":
      return sentence.items;
    case "tending":
      return [sentence.action];
    case "finish":
      return ["finish"];
  }
}

/** Sentences are ordered by this number; one without it may stand anywhere. */
function placeOf(sentence: Sentence): number | undefined {
  if (sentence.kind === "finish") return 3;
  if (sentence.kind !== "phrase") return 2;
  return { opening: 1, closing: 4, anywhere: undefined }[sentence.phrase.place];
}

function splitSentences(tokens: readonly string[]): string[][] {
  const sentences: string[][] = [[]];
  for (const token of tokens) {
    sentences.at(-1)!.push(token);
    if (token === "." || token === "!") sentences.push([]);
  }
  return sentences.filter((sentence) => sentence.length > 0);
}

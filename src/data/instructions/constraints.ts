import type { Random } from "../../base/random.js";
import { endMarks, firstWords, sentenceCounts, unwantedWords, wantedWords, wordLimits } from "./vocabulary.js";

/** A requirement in an instruction that a program can check. */
export interface Constraint {
  readonly kind: ConstraintKind;
  /** The constraint's sentence in the prompt. */
  readonly sentence: string;
  /** How well an answer satisfies it, in [0, 1]. */
  score(answer: string): number;
}

export type ConstraintKind = keyof typeof forms;

/** A kind of constraint: what it can require, with its wording and check. */
interface Form {
  /** All its constraints, as sentences of the prompt. */
  readonly sentences: readonly string[];
  scoreOf(sentence: string): (answer: string) => number;
}

const share = (holds: boolean) => (holds ? 1 : 0);

const range = (least: number, most: number) => Array.from({ length: most - least + 1 }, (_, i) => least + i);

/** A form with one value per sentence. */
function form<Value>(
  values: readonly Value[],
  say: (value: Value) => string,
  score: (value: Value, answer: string) => number,
): Form {
  const valueOf = new Map(values.map((value) => [say(value), value]));
  return {
    sentences: [...valueOf.keys()],
    scoreOf: (sentence) => {
      const value = valueOf.get(sentence)!;
      return (answer) => score(value, answer);
    },
  };
}

const forms = {
  /** Each word above the limit n costs 1/n. */
  length: form(
    range(wordLimits.least, wordLimits.most),
    (most) => `Use at most ${most} words.`,
    (most, answer) => {
      const excess = Math.max(0, wordsOf(answer).length - most);
      return Math.max(0, 1 - excess / most);
    },
  ),
  use: form(
    wantedWords,
    (word) => `Use the word "${word}".`,
    (word, answer) => share(lowerWords(answer).includes(word)),
  ),
  avoid: form(
    unwantedWords,
    (word) => `Do not use the word "${word}".`,
    (word, answer) => share(!lowerWords(answer).includes(word)),
  ),
  begin: form(
    firstWords,
    (word) => `Begin with the word "${word}".`,
    (word, answer) => share(lowerWords(answer)[0] === word.toLowerCase()),
  ),
  end: form(
    Object.entries(endMarks),
    ([name]) => `End with ${name}.`,
    ([, mark], answer) => share(answer.trimEnd().endsWith(mark)),
  ),
  /** Each capitalized word costs its share of the words. */
  lowerCase: form(
    [undefined],
    () => "Write everything in lower case.",
    (_, answer) => {
      const words = wordsOf(answer);
      return words.length === 0 ? 0 : words.filter((word) => word === word.toLowerCase()).length / words.length;
    },
  ),
  /** Each sentence missing or in excess of n costs 1/n. */
  sentences: form(
    Object.entries(sentenceCounts),
    ([word]) => `Write exactly ${word} sentences.`,
    ([, count], answer) => Math.max(0, 1 - Math.abs(sentencesIn(answer) - count) / count),
  ),
} satisfies Record<string, Form>;

export const constraintKinds = Object.keys(forms) as readonly ConstraintKind[];

/** Draws a constraint of a kind. */
export function drawConstraint(kind: ConstraintKind, random: Random): Constraint {
  return constraintOf(kind, random.pick(forms[kind].sentences));
}

/** The constraint that a sentence of a prompt states; undefined for any other sentence. */
export function readConstraint(sentence: string): Constraint | undefined {
  const kind = constraintKinds.find((one) => forms[one].sentences.includes(sentence));
  return kind && constraintOf(kind, sentence);
}

function constraintOf(kind: ConstraintKind, sentence: string): Constraint {
  return { kind, sentence, score: forms[kind].scoreOf(sentence) };
}

/** The words of a text: letters, digits, and marks within a word. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

function lowerWords(text: string): string[] {
  return wordsOf(text).map((word) => word.toLowerCase());
}

/** Number of sentences: spans that contain a word and end at a punctuation mark or at the end of the text. */
function sentencesIn(text: string): number {
  return text.split(/[.!?]+(?=\s|$)/).filter((stretch) => wordsOf(stretch).length > 0).length;
}

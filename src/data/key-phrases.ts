import { stopWords } from "./stop-words.js";

/** A phrase of a text that carries its content. */
export interface KeyPhrase {
  /** Character range of the phrase: `start` inclusive, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** Sum over its words of degree / frequency; a higher score means more content. */
  readonly score: number;
}

const word = /[\p{L}\p{N}\p{M}_]+(?:['’-][\p{L}\p{N}\p{M}_]+)*/gu;

/**
 * The key phrases of a text by RAKE, rapid automatic keyword extraction (Rose et al. 2010): runs of words between stop
 * words and punctuation, each scored by the sum over its words of degree (number of words in the phrases that contain
 * the word) divided by frequency.
 *
 * @returns every occurrence, by descending score; ties in order of position
 */
export function keyPhrases(text: string): KeyPhrase[] {
  const found = [...text.matchAll(word)].map((match) => ({
    word: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
  const phrases: (typeof found)[] = [];
  let previous: (typeof found)[number] | undefined;
  for (const one of found) {
    if (stopWords.has(one.word)) previous = undefined;
    else {
      const goesOn = previous !== undefined && text.slice(previous.end, one.start).trim() === "";
      if (goesOn) phrases.at(-1)!.push(one);
      else phrases.push([one]);
      previous = one;
    }
  }
  const degrees = new Map<string, { degree: number; frequency: number }>();
  for (const { word: own, length } of phrases.flatMap((phrase) =>
    phrase.map(({ word: own }) => ({ word: own, length: phrase.length })),
  )) {
    const { degree, frequency } = degrees.get(own) ?? { degree: 0, frequency: 0 };
    degrees.set(own, { degree: degree + length, frequency: frequency + 1 });
  }
  const scoreOf = (own: string) => degrees.get(own)!.degree / degrees.get(own)!.frequency;
  return phrases
    .map((phrase) => ({
      start: phrase[0]!.start,
      end: phrase.at(-1)!.end,
      score: phrase.reduce((sum, { word: own }) => sum + scoreOf(own), 0),
    }))
    .sort((a, b) => b.score - a.score || a.start - b.start);
}

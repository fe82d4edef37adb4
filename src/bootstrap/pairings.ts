import type { LabelledSample } from "./label.js";

/** The better and the worse of two samples of one prompt. */
export type Ranked = readonly [chosen: LabelledSample, rejected: LabelledSample];

/**
 * Pairs the samples of one prompt.
 *
 * @param samples in descending order of reward, ties in sample order; at least two, all distinct
 */
export type Pairing = (samples: readonly LabelledSample[]) => readonly Ranked[];

/** The best against the worst (SeRA, arXiv 2410.09362, section 3). */
const bestWorst: Pairing = (samples) => {
  const worst = samples.at(-1)!;
  return [[samples[0]!, samples.find(({ reward }) => reward === worst.reward)!]];
};

/**
 * The best against the median (the lower of two): a milder contrast, in which the rejected response is less often
 * broken.
 */
const bestMedian: Pairing = (samples) => [[samples[0]!, samples[Math.floor(samples.length / 2)]!]];

/** Each sample against every worse one. */
const allPairs: Pairing = (samples) =>
  samples.flatMap((chosen, i) => samples.slice(i + 1).map((rejected): Ranked => [chosen, rejected]));

/** The pairing rules by the names that options use. */
export const pairings = {
  "best-worst": bestWorst,
  "best-median": bestMedian,
  all: allPairs,
} as const satisfies Readonly<Record<string, Pairing>>;

export type PairingName = keyof typeof pairings;

import { groupBy } from "../base/collections.js";
import { InputError } from "../base/errors.js";
import type { LabelledSample } from "./label.js";
import { pairings, type Pairing, type PairingName } from "./pairings.js";

/** Two samples of one prompt, one of them preferred. */
export interface SamplePair {
  readonly id: string;
  readonly chosen: LabelledSample;
  readonly rejected: LabelledSample;
  /** Difference of their rewards. */
  readonly margin: number;
}

/** A kept pair in texts, a line of `bootstrapped.jsonl`. */
export interface BootstrappedRow {
  readonly id: string;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** The rewards by which they were labelled: ensembled log-ratios in nats, or a judge's scores; none where nothing labelled them. */
  readonly chosenReward?: number;
  readonly rejectedReward?: number;
  readonly margin?: number;
}

/** What became of the prompts and their samples. */
export interface BootstrapCounts {
  readonly prompts: number;
  readonly samples: number;
  /** Samples without a token before their end; never used. */
  readonly empty: number;
  /** Samples that the length limit cut off; used, as they are what the policy writes. */
  readonly incomplete: number;
  /** Prompts whose samples were all the same, or with fewer than two that are not empty; no pair. */
  readonly identical: number;
  /** Prompts whose different samples all had the same reward; no pair. */
  readonly ties: number;
  /** Pairs formed. */
  readonly formed: number;
  /** Pairs kept, those of the largest margins. */
  readonly kept: number;
}

/**
 * Pairs of the samples of each prompt, by default that of the largest reward against that of the smallest, and of all
 * pairs the `count` with the largest margins (SeRA, arXiv 2410.09362, section 3). Of equal rewards the earlier sample
 * is taken, of equal margins the earlier prompt.
 *
 * @param stopIds tokens that end a response: a sample of these alone is empty
 * @returns the kept pairs by falling margin
 */
export function formPairs(
  samples: readonly LabelledSample[],
  count: number,
  stopIds: readonly number[],
  pairing: PairingName | Pairing = "best-worst",
): { pairs: SamplePair[]; counts: BootstrapCounts } {
  if (!(Number.isInteger(count) && count >= 0)) throw new InputError(`found ${count} pairs to keep, expected a whole number`);
  const byPrompt = groupBy(samples, ({ id }) => id);
  const isEmpty = ({ tokens }: LabelledSample) => isEmptyResponse(tokens, stopIds);
  let identical = 0;
  let ties = 0;
  const formed: SamplePair[] = [];
  const pairsOf = typeof pairing === "string" ? pairings[pairing] : pairing;
  for (const [id, all] of byPrompt) {
    const ranked = rankedDistinct(all.filter((sample) => !isEmpty(sample)));
    if (ranked.length < 2) {
      identical++;
      continue;
    }
    const unequal = pairsOf(ranked).filter(([chosen, rejected]) => chosen.reward > rejected.reward);
    if (unequal.length === 0) ties++;
    formed.push(...unequal.map(([chosen, rejected]) => ({ id, chosen, rejected, margin: chosen.reward - rejected.reward })));
  }
  const pairs = formed.sort((a, b) => b.margin - a.margin).slice(0, count);
  const counts = {
    prompts: byPrompt.size,
    samples: samples.length,
    empty: samples.filter(isEmpty).length,
    incomplete: samples.filter(({ complete }) => !complete).length,
    identical,
    ties,
    formed: formed.length,
    kept: pairs.length,
  };
  return { pairs, counts };
}

/** Samples by falling reward, each once, however often it was drawn; of equal rewards the earlier first. */
export function rankedDistinct(samples: readonly LabelledSample[]): LabelledSample[] {
  const distinct = [...groupBy(samples, ({ tokens }) => tokens.join()).values()].map(([first]) => first!);
  return distinct.sort((a, b) => b.reward - a.reward);
}

/** Whether a response has no token before those that end it. */
export function isEmptyResponse(tokens: readonly number[], stopIds: readonly number[]): boolean {
  return tokens.every((token) => stopIds.includes(token));
}

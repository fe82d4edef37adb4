import { groupBy } from "../base/collections.js";
import { InputError } from "../base/errors.js";
import type { LabelledSample } from "./label.js";

/** The best and the worst sample of one prompt. */
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
  /** The ensembled log-ratios by which they were labelled, in nats. */
  readonly chosenReward: number;
  readonly rejectedReward: number;
  readonly margin: number;
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
 * One pair a prompt, the sample of the largest reward against that of the smallest, and of all
 * pairs the `count` with the largest margins (SeRA, arXiv 2410.09362, section 3). Of equal rewards
 * the earlier sample is taken, of equal margins the earlier prompt.
 *
 * @param stopIds tokens that end a response: a sample of these alone is empty
 * @returns the kept pairs by falling margin
 */
export function formPairs(
  samples: readonly LabelledSample[],
  count: number,
  stopIds: readonly number[],
): { pairs: SamplePair[]; counts: BootstrapCounts } {
  if (!(Number.isInteger(count) && count >= 0)) throw new InputError(`found ${count} pairs to keep, expected a whole number`);
  const byPrompt = groupBy(samples, ({ id }) => id);
  const isEmpty = ({ tokens }: LabelledSample) => tokens.every((token) => stopIds.includes(token));
  let identical = 0;
  let ties = 0;
  const formed: SamplePair[] = [];
  for (const [id, all] of byPrompt) {
    const written = all.filter((sample) => !isEmpty(sample));
    const distinct = [...groupBy(written, ({ tokens }) => tokens.join()).values()].map(([first]) => first!);
    if (distinct.length < 2) {
      identical++;
      continue;
    }
    const chosen = distinct.reduce((best, sample) => (sample.reward > best.reward ? sample : best));
    const rejected = distinct.reduce((worst, sample) => (sample.reward < worst.reward ? sample : worst));
    if (chosen.reward === rejected.reward) ties++;
    else formed.push({ id, chosen, rejected, margin: chosen.reward - rejected.reward });
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

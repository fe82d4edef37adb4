import { groupBy } from "../base/collections.js";
import { InputError } from "../base/errors.js";
import type { PairTokens } from "../data/pair.js";
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

/** A kept pair as text, a row of `bootstrapped.jsonl`. */
export interface BootstrappedRow {
  readonly id: string;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /**
   * The rewards that labelled them: ensembled log-ratios in nats, likelihoods in nats per token, or a judge's scores; absent
   * if unlabelled.
   */
  readonly chosenReward?: number;
  readonly rejectedReward?: number;
  readonly margin?: number;
  /**
   * The tokens used for training, so that the file reads back as the same tokens; absent in files of older versions.
   */
  readonly tokens?: PairTokens;
}

/** Counts of prompts, samples and pairs. */
export interface BootstrapCounts {
  readonly prompts: number;
  readonly samples: number;
  /** Samples without a token before the stop token; never used. */
  readonly empty: number;
  /**
   * Samples cut off by the length limit; used, because the policy generates them, unless only complete ones are
   * requested.
   */
  readonly incomplete: number;
  /** Prompts without two distinct samples that can be used; no pair. */
  readonly identical: number;
  /** Prompts whose distinct samples all have the same reward; no pair. */
  readonly ties: number;
  /** Pairs formed. */
  readonly formed: number;
  /** Pairs kept, those of the largest margins. */
  readonly kept: number;
}

/**
 * Forms pairs from the samples of each prompt, by default the one with the largest reward against the one with the
 * smallest, and keeps the `count` pairs with the largest margins (SeRA, arXiv 2410.09362, section 3). Ties in reward go to
 * the earlier sample, ties in margin to the earlier prompt.
 *
 * @param stopIds tokens that end a response; a sample of only these is empty
 * @param completeOnly leaves out samples that the length limit cut off
 * @returns the kept pairs, by decreasing margin
 */
export function formPairs(
  samples: readonly LabelledSample[],
  count: number,
  stopIds: readonly number[],
  pairing: PairingName | Pairing = "best-worst",
  completeOnly = false,
): { pairs: SamplePair[]; counts: BootstrapCounts } {
  if (!(Number.isInteger(count) && count >= 0))
    throw new InputError(`pairs to keep: found ${count}, expected a whole number of at least 0`);
  const byPrompt = groupBy(samples, ({ id }) => id);
  const isEmpty = ({ tokens }: LabelledSample) => isEmptyResponse(tokens, stopIds);
  let identical = 0;
  let ties = 0;
  const formed: SamplePair[] = [];
  const pairsOf = typeof pairing === "string" ? pairings[pairing] : pairing;
  for (const [id, all] of byPrompt) {
    const ranked = rankedDistinct(all.filter((sample) => !isEmpty(sample) && (sample.complete || !completeOnly)));
    if (ranked.length < 2) {
      identical++;
      continue;
    }
    const unequal = pairsOf(ranked).filter(([chosen, rejected]) => chosen.reward > rejected.reward);
    if (unequal.length === 0) ties++;
    formed.push(
      ...unequal.map(([chosen, rejected]) => ({ id, chosen, rejected, margin: chosen.reward - rejected.reward })),
    );
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

/** Distinct samples by decreasing reward; ties keep the order of the samples. */
export function rankedDistinct(samples: readonly LabelledSample[]): LabelledSample[] {
  const distinct = [...groupBy(samples, ({ tokens }) => tokens.join()).values()].map(([first]) => first!);
  return distinct.sort((a, b) => b.reward - a.reward);
}

/** Whether a response consists only of stop tokens. */
export function isEmptyResponse(tokens: readonly number[], stopIds: readonly number[]): boolean {
  return tokens.every((token) => stopIds.includes(token));
}

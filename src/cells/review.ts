import type { ColumnTable } from "arquero";
import { InputError } from "../base/errors.js";
import { reported } from "../base/task.js";
import type { PreferencePair } from "../data/pair.js";
import { tokenizePairs } from "../data/tokenize.js";
import type { EngineOptions } from "../engine/create-engine.js";
import type { Policy } from "../model/policy/policy.js";
import { cell } from "../notebook/display.js";
import { margins, pairLogProbs, pairRewards, type Margin } from "../review/index.js";
import { correlationOf } from "../stats/correlation.js";
import { requirePairs } from "./check-settings.js";
import type { Run } from "./run.js";
import { tableOf, withPromptId } from "./table-of.js";

/** A pair reviewed by a policy; the input of {@link plot.marginAgainstScore} and similar plots. */
export interface ReviewedRow extends Omit<Margin, "prompt"> {
  /** The id of the pair's prompt: that of the first pair with this prompt. */
  readonly promptId: string;
  /** As in a run's `margins`, the iteration that the review would precede: 2 is the policy of iteration 1. */
  readonly iteration: number;
  /** Display name of the reviewing policy; absent in a run's own `margins`. */
  readonly policy?: string;
  /**
   * Whether the pair was selected for training; only in a run's own `margins`, since {@link review} selects nothing.
   */
  readonly kept?: boolean;
}

/**
 * Computes the implicit reward margins of any pairs under the policy of every iteration of a run, with the run's loss
 * and its start as the reference. Pairs are fitted to the context as the run's own (`truncatePrompts`, `maxLength`,
 * `maxPromptLength`). Nothing is stored, neither in the run's folder nor in memory.
 *
 * @param engine engine that loads the policies. Default: the run's
 * @returns one row per policy and pair, with lengths, and with scores if the pairs have them
 * @example const reviewed = await review(run, heldOut);
 * @throws InputError if a row is not a pair, or a pair does not fit the model's context, and the run did not truncate prompts
 */
export async function review(run: Run, pairs: readonly PreferencePair[], engine?: EngineOptions): Promise<ColumnTable> {
  requirePairs(pairs);
  const { loss } = run;
  const rows: ReviewedRow[] = [];
  const logProbs = (policy: Policy, iteration: number) => {
    const tokenized = tokenizePairs(pairs, policy.tokenizer, {
      ...run.fit,
      contextLength: policy.config.contextLength,
      adviceOnLongPrompts:
        "leave the pair out of the review, or train with truncatePrompts, which a review then follows",
    }).pairs;
    const label =
      iteration === 0 ? "score under the start" : `review by iteration ${iteration}/${run.iterations.length - 1}`;
    return reported(label, "responses", cell, async (task) => ({
      tokenized,
      values: await pairLogProbs(policy, tokenized, task),
    }));
  };
  const start = await run.iteration(0).policy(engine);
  // Keep an adapter's base in memory until the end, to avoid reading it again for each iteration.
  const base = start.config.adapter && start.withoutAdapter();
  try {
    const { values: reference } = await logProbs(start, 0).finally(() => start.free());
    for (const { iteration } of run.iterations.slice(1)) {
      const policy = await run.iteration(iteration).policy(engine);
      const { tokenized, values } = await logProbs(policy, iteration).finally(() => policy.free());
      const own = margins(tokenized, pairRewards(loss, tokenized, values, reference), [], [1]);
      rows.push(
        ...own.map((row) => withPromptId({ iteration: iteration + 1, policy: `iteration ${iteration}`, ...row })),
      );
    }
  } finally {
    await base?.free();
  }
  return tableOf(rows);
}

/**
 * Measures how far margins agree with the data's own scores: for each policy, the correlations between margin and score
 * difference, the share of pairs in which both have the same sign, and the share in which the margin agrees with the
 * label. Pairs with equal scores count for the label only.
 *
 * @param reviewed the result of {@link review}, or a run's `margins`
 * @throws InputError if the pairs have no scores
 */
export function marginAgreement(reviewed: ColumnTable): ColumnTable {
  const rows = reviewed.objects() as ReviewedRow[];
  const scored = rows.filter(
    ({ chosenScore, rejectedScore }) => chosenScore !== undefined && rejectedScore !== undefined,
  );
  if (scored.length === 0)
    throw new InputError("marginAgreement: no pair has scores; the data needs chosenScore and rejectedScore");
  const share = <T>(items: readonly T[], holds: (item: T) => boolean) => items.filter(holds).length / items.length;
  return tableOf(
    [...new Set(scored.map(({ iteration }) => iteration))].map((iteration) => {
      const own = scored.filter((row) => row.iteration === iteration);
      const differences = own.map(({ chosenScore, rejectedScore }) => chosenScore! - rejectedScore!);
      const { pearson, spearman } = correlationOf(
        own.map(({ margin }) => margin),
        differences,
      );
      const unequal = own.flatMap(({ margin }, i) =>
        differences[i] === 0 ? [] : { margin, difference: differences[i]! },
      );
      return {
        policy: `iteration ${iteration - 1}`,
        pairs: own.length,
        pearson,
        spearman,
        agreesWithScore: share(unequal, ({ margin, difference }) => margin * difference > 0),
        agreesWithLabel: share(own, ({ margin }) => margin > 0),
      };
    }),
  );
}

/**
 * Shows whether review filters out wrong labels: before each iteration, the share of flipped pairs among all pairs and
 * among the kept ones.
 *
 * @param reviewed a run's `margins`, for pairs some of which were flipped on purpose
 */
export function flippedShares(reviewed: ColumnTable): ColumnTable {
  const rows = reviewed.objects() as ReviewedRow[];
  const share = (some: readonly ReviewedRow[]) => some.filter(({ flipped }) => flipped).length / some.length;
  return tableOf(
    [...new Set(rows.map(({ iteration }) => iteration))].map((iteration) => {
      const own = rows.filter((row) => row.iteration === iteration);
      const kept = own.filter((row) => row.kept);
      return { iteration, pairs: own.length, kept: kept.length, flipped: share(own), flippedAmongKept: share(kept) };
    }),
  );
}

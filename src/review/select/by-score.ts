import { InputError, quote } from "../../base/errors.js";
import type { Margin } from "../margins.js";
import { descending, keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps the pairs with the largest score differences (chosen minus rejected) in the dataset: selection by an external
 * reward, which SeRA does not need.
 *
 * @param share K / N, in [0, 1]
 * @throws InputError naming the first pair without scores
 */
export function selectByScore(rows: readonly Margin[], share: number): Reviewed[] {
  return keepFirst(rows, descending(rows, scoreDifference), share);
}

/**
 * Returns the data's score of the chosen response minus that of the rejected one.
 *
 * @throws InputError if the pair has no scores
 */
export function scoreDifference({
  id,
  chosenScore,
  rejectedScore,
}: Pick<Margin, "id" | "chosenScore" | "rejectedScore">): number {
  if (chosenScore === undefined || rejectedScore === undefined) {
    throw new InputError(
      `select by score: the pair ${quote(id)} has no chosenScore and rejectedScore; use data with scores, or another rule`,
    );
  }
  return chosenScore - rejectedScore;
}

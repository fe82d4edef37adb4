import type { Margin } from "../margins.js";
import { descending, keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps the pairs with the longest chosen responses (Zhao et al. 2024, arXiv 2402.04833, for demonstrations): a baseline
 * that uses only lengths.
 *
 * @param share K / N, in [0, 1]
 */
export function selectByLength(rows: readonly Margin[], share: number): Reviewed[] {
  return keepFirst(
    rows,
    descending(rows, ({ chosenLength }) => chosenLength),
    share,
  );
}

import type { Margin } from "../margins.js";
import { byMargin, keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps the pairs with the largest ensemble margins: top-K selection (SeRA, arXiv 2410.09362, section 3). Ties go to the
 * earlier pair.
 *
 * @param share K / N, in [0, 1]; K is rounded to the nearest whole number
 * @returns all pairs in their original order
 * @throws InputError if all margins are equal, as for an untrained policy
 */
export function selectTop(rows: readonly Margin[], share: number): Reviewed[] {
  return keepFirst(rows, byMargin(rows), share);
}

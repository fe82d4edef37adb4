import type { Margin } from "../margins.js";
import { byMargin, checkShare, keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps the pairs with the middle ensemble margins, as many above as below the median: a baseline for {@link selectTop},
 * with the same arguments and errors.
 */
export function selectMiddle(rows: readonly Margin[], share: number): Reviewed[] {
  checkShare(share);
  const dropped = rows.length - Math.round(share * rows.length);
  return keepFirst(rows, byMargin(rows).slice(Math.floor(dropped / 2)), share);
}

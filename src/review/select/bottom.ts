import type { Margin } from "../margins.js";
import { byMargin, keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps the pairs with the smallest ensemble margins, those that the policy finds hardest or disagrees with: a baseline
 * for {@link selectTop}, with the same arguments and errors.
 */
export function selectBottom(rows: readonly Margin[], share: number): Reviewed[] {
  return keepFirst(rows, byMargin(rows).reverse(), share);
}

import { InputError } from "../base/errors.js";
import type { Margin } from "./margins.js";

/** A reviewed pair and whether it is trained on next. */
export interface Reviewed extends Margin {
  readonly kept: boolean;
}

/**
 * Keeps the pairs with the largest ensembled margins, top-K selection (SeRA, arXiv 2410.09362,
 * section 3). Of equal margins the earlier pair is kept.
 *
 * @param share K / N, in [0, 1]; K is rounded to the nearest whole number
 * @returns all pairs in their order
 * @throws InputError where all margins are 0: no policy has been trained yet, and any choice would be a random one
 */
export function selectTop(margins: readonly Margin[], share: number): Reviewed[] {
  if (!(share >= 0 && share <= 1)) throw new InputError(`select: found ${share}, expected a share in [0, 1]`);
  if (margins.length > 0 && margins.every(({ ensemble }) => ensemble === 0)) {
    throw new InputError("select: found margins that are all 0, expected those of a policy that has been trained");
  }
  const order = [...margins.keys()].sort((a, b) => margins[b]!.ensemble - margins[a]!.ensemble || a - b);
  const kept = new Set(order.slice(0, Math.round(share * margins.length)));
  return margins.map((margin, i) => ({ ...margin, kept: kept.has(i) }));
}

import { InputError } from "../../base/errors.js";
import type { Margin } from "../margins.js";
import { byMargin } from "./selected.js";

/**
 * Parts pairs into stages from easy to hard, by falling margin; the stages are of equal size to one pair (curriculum
 * learning: Bengio et al. 2009).
 *
 * @param stages how many, at least 1 and at most as many as pairs
 * @returns all pairs in their order, each with its stage, from 1
 * @throws InputError where there are not as many pairs as stages, or all margins are the same
 */
export function curriculum<Row extends Margin>(rows: readonly Row[], stages: number): (Row & { readonly stage: number })[] {
  if (!(Number.isInteger(stages) && stages >= 1 && stages <= rows.length)) {
    throw new InputError(`curriculum: found ${stages} stages for ${rows.length} pairs, expected a whole number from 1 to the number of pairs`);
  }
  const stageOf = new Map(byMargin(rows).map((row, place) => [row, 1 + Math.floor((place * stages) / rows.length)]));
  return rows.map((row, i) => ({ ...row, stage: stageOf.get(i)! }));
}

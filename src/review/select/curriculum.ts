import { InputError } from "../../base/errors.js";
import type { Margin } from "../margins.js";
import { byMargin } from "./selected.js";

/**
 * Divides pairs into stages from easy to hard, by decreasing margin; stage sizes differ by at most one pair (curriculum
 * learning: Bengio et al. 2009).
 *
 * @param stages number of stages, from 1 to the number of pairs
 * @returns all pairs in order, each with its stage, counted from 1
 * @throws InputError if there are fewer pairs than stages, or all margins are equal
 */
export function curriculum<Row extends Margin>(
  rows: readonly Row[],
  stages: number,
): (Row & { readonly stage: number })[] {
  if (!(Number.isInteger(stages) && stages >= 1 && stages <= rows.length)) {
    throw new InputError(
      `curriculum: found ${stages} stages for ${rows.length} pairs, expected a whole number from 1 to the number of pairs`,
    );
  }
  const stageOf = new Map(byMargin(rows).map((row, place) => [row, 1 + Math.floor((place * stages) / rows.length)]));
  return rows.map((row, i) => ({ ...row, stage: stageOf.get(i)! }));
}

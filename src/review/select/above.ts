import { InputError } from "../../base/errors.js";
import type { Margin } from "../margins.js";
import type { Reviewed } from "./selected.js";

/**
 * Keeps the pairs whose ensembled margin is above a threshold; with 0, those on which the policy agrees with the label.
 *
 * @param threshold in nats
 * @throws InputError if the threshold is not a number
 */
export function selectAbove(rows: readonly Margin[], threshold: number): Reviewed[] {
  if (Number.isNaN(threshold))
    throw new InputError(`select: found the threshold ${threshold}, expected a number of nats`);
  return rows.map((row) => ({ ...row, kept: row.ensemble > threshold }));
}
